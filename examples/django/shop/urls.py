"""The addresses of the shop."""

from django.urls import path

from . import views

urlpatterns = [path("buy", views.buy), path("webhook", views.webhook)]
