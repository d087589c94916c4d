"""Pipelines: applied, listed, read, paused, deleted, for the asyncio client."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

from downbeat import types
from downbeat._async import pages
from downbeat._async.transport import Transport
from downbeat._pipeline_file import source_of
from downbeat._proto.control.v1 import control_pb2
from downbeat._proto.metadata.v1 import metadata_pb2
from downbeat._proto.rpcs import ControlService, MetadataService


@dataclass(frozen=True)
class Applied:
    """What became of a file."""

    alias: str
    pipeline_id: str
    version: int
    """That has this text: a new one, or the one that had it before."""
    changed: bool
    """False: this very text was the current version already."""
    name: str
    warnings: list[str]


class Pipelines:
    """`client.pipelines`. A pipeline is named by its alias or its id."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def apply(
        self,
        source: str | os.PathLike[str],
        alias: str | None = None,
        *,
        draft: bool = False,
        create: bool = False,
    ) -> Applied:
        """Makes a file the current version of its pipeline; the same text again is the same version. `source` is a path, or, where it has
        more than one line, the text itself. Without an `alias` it is made of the file's name. A `draft` is run only by those who name its
        version; with `create` it is AlreadyExists if there is a pipeline of that alias. InvalidArgument says every fault with its place."""
        given = source_of(source, alias)
        request = control_pb2.ApplyPipelineRequest(
            alias=given.alias,
            source=given.text,
            file_name=given.file_name,
            source_root=given.source_root,
            draft=draft,
            create=create,
        )
        answer = await self._transport.call(ControlService.ApplyPipeline, request)
        return Applied(
            alias=given.alias,
            pipeline_id=answer.pipeline_id,
            version=answer.version,
            changed=answer.changed,
            name=answer.name,
            warnings=list(answer.warnings),
        )

    async def list(self, *, page_size: int = 0) -> AsyncIterator[types.Pipeline]:
        """Every pipeline that is not deleted."""
        request = metadata_pb2.ListPipelinesRequest(page_size=page_size)
        found = pages.rows(self._transport, MetadataService.ListPipelines, request, lambda page: page.pipelines)
        async for pipeline in found:
            yield pipeline

    async def get(self, pipeline: str, *, version: int = 0) -> types.PipelineSource:
        """A pipeline with the text of a version; 0 = the current one."""
        request = metadata_pb2.GetPipelineSourceRequest(pipeline=pipeline, version=version)
        return await self._transport.call(MetadataService.GetPipelineSource, request)

    async def health(self, pipeline: str) -> types.PipelineHealth:
        """What it promises about ages, deadlines and budgets, and how that stands."""
        request = control_pb2.GetPipelineHealthRequest(pipeline=pipeline)
        return await self._transport.call(ControlService.GetPipelineHealth, request)

    async def pause(self, pipeline: str, reason: str = "") -> bool:
        """Nothing of it starts; live runs go on. False: it was paused before."""
        request = control_pb2.PausePipelineRequest(pipeline=pipeline, reason=reason)
        return (await self._transport.call(ControlService.PausePipeline, request)).changed

    async def resume(self, pipeline: str) -> bool:
        """False: it was not paused."""
        request = control_pb2.ResumePipelineRequest(pipeline=pipeline)
        return (await self._transport.call(ControlService.ResumePipeline, request)).changed

    async def delete(self, pipeline: str) -> bool:
        """Cancels its live runs; applying it again brings it back. One that was deleted before is NotFound; without a gateway, False."""
        request = control_pb2.DeletePipelineRequest(pipeline=pipeline)
        return (await self._transport.call(ControlService.DeletePipeline, request)).changed
