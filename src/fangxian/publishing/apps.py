from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "fangxian.publishing"
    label = "publishing"
