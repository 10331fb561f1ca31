import type { ResponseHeader } from '../../../proto/generated/etcdserverpb.js';
import type { PlainResult } from './result.js';

/** How an answer looks in the formats other than `simple`; unset: without anything but a header. */
export interface PlainViews {
  readonly json?: PlainResult['json'];
  readonly fields?: PlainResult['fields'];
}

/** The result for the answer to a method. */
export function plainResult<Response extends { header: ResponseHeader | undefined }>(
  response: Response,
  method: { readonly encodeResponse: (message: NoInfer<Response>) => Uint8Array },
  text: string,
  views: PlainViews = {},
): PlainResult {
  return {
    kind: 'plain',
    header: response.header,
    text,
    json: views.json ?? {},
    fields: views.fields,
    encoded: method.encodeResponse(response),
  };
}
