from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "fangxian.web"
    label = "web"
