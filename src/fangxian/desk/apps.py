from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "fangxian.desk"
    label = "desk"
