from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    name = "fangxian.submissions"
    label = "submissions"
