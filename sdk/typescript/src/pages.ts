// Lists that come in pages, as one iterator: a page is asked for when the one before is used up.

import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { DownbeatError } from "./errors.js";
import type { Transport } from "./transport.js";

/** Every row of every page. A page may be empty although more follow. */
export async function* rows<I extends DescMessage, O extends DescMessage, Row>(
  transport: Transport,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  rowsOf: (page: MessageShape<O>) => readonly Row[],
): AsyncGenerator<Row, void, undefined> {
  let pageToken = "";
  for (;;) {
    const page = await transport.call(method, { ...request, pageToken } as MessageInitShape<I>);
    yield* rowsOf(page);
    const { nextPageToken } = page as unknown as { nextPageToken: string };
    if (nextPageToken === "") return;
    if (nextPageToken === pageToken) throw new DownbeatError(`${method.name} gave the same page token twice: the list would never end`);
    pageToken = nextPageToken;
  }
}
