from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "fangxian.kernel"
    label = "kernel"
