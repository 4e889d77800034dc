"""A FiftyOne of this process alone, and a workspace of eight items."""

from tests import fiftyone_fixtures

workspace, database, pushed = fiftyone_fixtures.workspace, fiftyone_fixtures.database, fiftyone_fixtures.pushed
