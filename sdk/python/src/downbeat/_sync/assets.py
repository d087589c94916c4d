# Written by sdk/generate.py: change ../_async/assets.py and run it again.
"""What is known of assets, for the blocking client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from downbeat import types
from downbeat._sync import pages
from downbeat._sync.transport import Transport
from downbeat._proto.metadata.v1 import assets_pb2, metadata_pb2
from downbeat._proto.rpcs import AssetService, MetadataService


class Assets:
    """`client.assets`. An asset is named by its key, or by an unambiguous end of it (`orders`, `public.orders`)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, asset: str) -> types.AssetDetails:
        """An asset with who writes it and who uses it."""
        return self._transport.call(AssetService.GetAsset, assets_pb2.GetAssetRequest(asset=asset))

    def list(
        self,
        *,
        types: Sequence[str] = (),
        integrations: Sequence[str] = (),
        statuses: Sequence[str] = (),
        databases: Sequence[str] = (),
        schemas: Sequence[str] = (),
        page_size: int = 0,
    ) -> Iterator[metadata_pb2.Asset]:
        """Assets over all runs, by key. A filter fits what has one of its values: types as TABLE, statuses as HEALTHY."""
        request = metadata_pb2.ListAssetsRequest(
            types=types,
            integrations=integrations,
            statuses=statuses,
            databases=databases,
            schemas=schemas,
            page_size=page_size,
        )
        for asset in pages.rows(self._transport, MetadataService.ListAssets, request, lambda page: page.assets):
            yield asset

    def tests(self, asset: str, *, name: str = "", page_size: int = 0) -> Iterator[types.AssetTest]:
        """Results of its tests, newest first; of one test."""
        request = assets_pb2.ListTestResultsRequest(asset=asset, name=name, page_size=page_size)
        found = pages.rows(self._transport, AssetService.ListTestResults, request, lambda page: page.results)
        for result in found:
            yield result

    def changes(self, asset: str = "", *, page_size: int = 0) -> Iterator[types.SchemaChange]:
        """What became of its columns, newest first; empty = of those of all assets."""
        request = assets_pb2.ListSchemaChangesRequest(asset=asset, page_size=page_size)
        found = pages.rows(self._transport, AssetService.ListSchemaChanges, request, lambda page: page.changes)
        for change in found:
            yield change
