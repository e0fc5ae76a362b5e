from django.apps import AppConfig


class MatchingConfig(AppConfig):
    name = "fangxian.matching"
    label = "matching"
