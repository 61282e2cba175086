from django.urls import path

from workflows.websocket.opening import websocket

app_name = "websocket"

urlpatterns = [path("ws/", websocket)]
