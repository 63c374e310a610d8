# SPDX-License-Identifier: Apache-2.0
import requests
from cause import errno_of
from django.conf import settings
from django.http import JsonResponse


def pay(_request):
    """Charge the customer through the payments API."""
    try:
        answer = requests.post(
            settings.PAYMENTS_URL + "/v1/charges",
            json={"amount": 4200, "currency": "EUR"},
            headers={"Authorization": "Bearer " + settings.PAYMENTS_TOKEN},
            verify=settings.PAYMENTS_CA,
            cert=settings.PAYMENTS_CERT,
            timeout=(5, 10),
        )
        answer.raise_for_status()
        said = answer.json()
    except (requests.RequestException, ValueError) as error:
        return JsonResponse(
            {"ok": False, "errno": errno_of(error), "error": str(error)}, status=502
        )
    return JsonResponse({"ok": True, "server": said.get("server")})
