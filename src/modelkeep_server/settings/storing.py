"""Where the registry keeps its data and its keys, and how much it takes."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import BaseModel, Field, SecretStr

from modelkeep_server.rules.limits import GIB

DATABASE_NAME = "modelkeep.db"


def find_data_dir() -> Path:
    """`./data` where a registry is kept there, as `make run` does; else the user's data folder."""
    here = Path("data").absolute()
    return here if (here / DATABASE_NAME).exists() else user_data_path("modelkeep")


class StoringSettings(BaseModel):
    """Database, files and keys."""

    data_dir: Path = Field(
        default_factory=find_data_dir,
        examples=["/var/lib/modelkeep"],
        description="Folder of the SQLite database and the sealed files. Left out: ./data where it holds a registry, "
        "else the user's data folder.",
    )
    database_url: str | None = Field(
        default=None,
        examples=["postgresql://user:secret@host/name"],
        description="postgresql://user:secret@host/name. Left out: SQLite in the data folder.",
    )
    storage_url: str | None = Field(
        default=None,
        examples=["file:///srv/modelkeep/files"],
        description="Where sealed files are kept: file:///folder, or s3://bucket/prefix?region=... with &endpoint= for "
        "another server than AWS and credentials in AWS_* variables. Left out: in the data folder.",
    )
    key_file: Path | None = Field(
        default=None,
        examples=["/etc/modelkeep/registry.key"],
        description="The key file. Left out: in the user's configuration folder, named by registry.",
    )
    key: SecretStr | None = Field(
        default=None, examples=["the text of a key file"], description="The text of a key file, instead of a file."
    )
    upload_limit_bytes: Annotated[int, Field(ge=1)] = Field(
        default=5 * GIB, description="Largest single file, in bytes."
    )
    group_quota_bytes: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        examples=[1_000_000_000_000],
        description="Bytes that the files of one group of models may take in all; not set: no limit.",
    )
    check_days: Annotated[float, Field(gt=0, le=30)] = Field(
        default=7, description="Within how many days every stored file is read through and compared."
    )

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / DATABASE_NAME}"

    @property
    def storage(self) -> str:
        """The storage URL in force."""
        return self.storage_url or (self.data_dir / "files").absolute().as_uri()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the one in the data folder, owned by one process."""
        return self.database.startswith("sqlite")
