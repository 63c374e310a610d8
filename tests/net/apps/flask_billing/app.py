# SPDX-License-Identifier: Apache-2.0
"""A billing service that fetches invoices from an internal API."""
import os

import requests
from cause import errno_of
from flask import Flask, jsonify

application = Flask(__name__)
application.config.update(
    INVOICES_URL=os.environ["API_URL"],
    INVOICES_TOKEN=os.environ["API_TOKEN"],
    INVOICES_CA=os.environ.get("API_CA") or True,
)


def fetch_invoices(config):
    answer = requests.get(
        config["INVOICES_URL"] + "/v1/invoices",
        headers={"Authorization": "Bearer " + config["INVOICES_TOKEN"]},
        verify=config["INVOICES_CA"],
        timeout=(5, 10),
    )
    answer.raise_for_status()
    return answer.json()


@application.get("/call")
def invoices():
    try:
        said = fetch_invoices(application.config)
    except (requests.RequestException, ValueError) as error:
        return jsonify(ok=False, errno=errno_of(error), error=str(error)), 502
    return jsonify(ok=True, server=said.get("server"))
