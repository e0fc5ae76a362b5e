from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "fangxian.campaigns"
    label = "campaigns"
