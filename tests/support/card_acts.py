"""What is done with the cards of one version, through the API."""

from typing import Any

from modelkeep_server.features.versions.views import Version
from tests.support.clients import Api
from tests.support.full_versions import card_of
from tests.support.make import Person


class CardActs:
    """The cards of one version, as its owner reaches them."""

    def __init__(self, api: Api, version: Version, owner: Person) -> None:
        self._api, self.version, self.owner = api, version, owner

    def generate(self) -> Any:
        answer = self._api.as_(self.owner).post(card_of(self.version))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, below: str = "") -> Any:
        answer = self._api.as_(self.owner).get(card_of(self.version, below))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def annotate(self, section: str, markdown: str, person: Person | None = None, edition: int | None = None) -> Any:
        headers = {} if edition is None else {"if-match": f'"r{edition}"'}
        return self._api.as_(person or self.owner).put(
            card_of(self.version, f"/annotations/{section}"), json={"markdown": markdown}, headers=headers
        )

    def publish(self, person: Person | None = None, edition: int | None = None) -> Any:
        headers = {} if edition is None else {"if-match": f'"r{edition}"'}
        return self._api.as_(person or self.owner).post(card_of(self.version, "/publish"), headers=headers)

    def discard(self, person: Person | None = None, edition: int | None = None) -> Any:
        headers = {} if edition is None else {"if-match": f'"r{edition}"'}
        return self._api.as_(person or self.owner).delete(card_of(self.version), headers=headers)

    def edit(self, **metadata: Any) -> None:
        answer = self.patch(**metadata)
        assert answer.status_code == 200, answer.text

    def patch(self, **metadata: Any) -> Any:
        """The answer to an edit of the version."""
        address = f"/api/v1/models/{self.version.model}/versions/{self.version.version}"
        return self._api.as_(self.owner).patch(address, json={"metadata": metadata})

    def post(self, below: str) -> Any:
        """The answer to the owner's act on the card."""
        return self._api.as_(self.owner).post(card_of(self.version, below))


def notes_of(card: dict[str, Any], section: str) -> list[tuple[str, str]]:
    """The annotations of a section: by whom, and what."""
    found = next(one for one in card["sections"] if one["id"] == section)
    return [(note["author"], note["markdown"]) for note in found["annotations"]]
