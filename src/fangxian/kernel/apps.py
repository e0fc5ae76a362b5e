from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "fangxian.kernel"
    label = "kernel"

    def ready(self) -> None:
        from . import logs

        logs.set_up()
