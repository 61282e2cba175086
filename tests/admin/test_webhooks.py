"""What an operator sees of webhooks and does about them."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from sessions.callers import Caller
from tests.admin.asking import act, list_url, messages_of, page_url, text_of
from tests.admin.conftest import allow
from tests.factories import make_cancelled
from tests.stack import wait_for
from tests.webhooks.receiver import Receiver
from workflows import services
from workflows.models import Delivery, Webhook
from workflows.services import secrets


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.open()
    yield receiver
    receiver.close()


@pytest.fixture
def webhook(stranger: Caller, receiver: Receiver, settings: object) -> Iterator[Webhook]:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1"]  # type: ignore[attr-defined]
    row, _ = services.create_webhook(stranger, name="board", url=receiver.url, types=["task.cancelled"])
    yield row
    row.delete()


def test_a_webhook_is_tested_rotated_and_switched(client: Client, webhook: Webhook, receiver: Receiver) -> None:
    first = secrets.decrypt(webhook.secrets)["current"]
    act(client, webhook, "test")
    assert receiver.received[-1].verified(first)["type"] == "webhook.test"
    receiver.status = 500
    assert "did not take it: 500. busy" in messages_of(act(client, webhook, "test"))[-1]

    assert "are you sure" in text_of(act(client, webhook, "rotate", confirmed=False))
    response = act(client, webhook, "rotate")
    secret = text_of(response).split('id="secret">')[1].split("<")[0]
    webhook.refresh_from_db()
    assert secrets.decrypt(webhook.secrets) == {"current": secret, "former": first}
    assert "no-store" in response["Cache-Control"]
    for url in (list_url(Webhook), page_url(webhook)):
        page = text_of(client.get(url))
        assert "whsec_" not in page
        assert bytes(webhook.secrets).decode() not in page

    act(client, webhook, "deactivate")
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.disabled_reason) == (False, "Deactivated by an administrator.")
    act(client, webhook, "activate")
    webhook.refresh_from_db()
    assert webhook.is_active


def test_what_was_given_up_is_found_and_delivered_again(client: Client, stranger: Caller, webhook: Webhook) -> None:
    task = make_cancelled(stranger)
    delivery = Delivery.objects.get(task=task, webhook=webhook)
    Delivery.objects.filter(pk=delivery.pk).update(given_up_at=timezone.now(), last_seq=1, last_error="It is away.")
    assert "It is away." in text_of(client.get(list_url(Delivery), {"state": "given_up", "q": str(webhook.pk)}))
    assert "It is away." not in text_of(client.get(list_url(Delivery), {"state": "done", "q": str(webhook.pk)}))
    assert "It is away." in text_of(client.get(page_url(delivery)))
    assert 'name="after"' in text_of(act(client, delivery, "replay", confirmed=False))
    data = {"action": "replay", "_selected_action": str(delivery.pk), "confirmed": "yes"}
    assert "from 0 to 2" in messages_of(client.post(list_url(Delivery), {**data, "after": "9"}))[-1]
    assert "This field is required" in text_of(client.post(list_url(Delivery), data))
    client.post(list_url(Delivery), {**data, "after": "1"})
    delivery.refresh_from_db()
    assert delivery.given_up_at is None
    wait_for(lambda: delivery.refresh_from_db() or delivery.state in ("following", "done"), "it is open again")


def test_seeing_webhooks_is_not_managing_them(staff: User, webhook: Webhook) -> None:
    client = allow(staff, "view_webhook")
    assert 'value="rotate"' not in text_of(client.get(page_url(webhook)))
    act(client, webhook, "deactivate")
    webhook.refresh_from_db()
    assert webhook.is_active
