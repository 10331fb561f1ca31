import type { ResponseHeader } from '../../../proto/generated/etcdserverpb.js';
import type { GoJson } from './go-json.js';
import type { Result } from './result.js';

/**
 * An answer that a line or two say all of. Each format has its own view: the text, the fields of its
 * JSON beside the header, the lines behind the header's in `fields`, its bytes.
 */
export interface PlainResult {
  readonly kind: 'plain';
  readonly header: ResponseHeader | undefined;
  readonly text: string;
  readonly json: Readonly<Record<string, GoJson>>;
  /** Undefined: `fields` does not have this answer. */
  readonly fields: readonly string[] | undefined;
  readonly encoded: Uint8Array;
}

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
): Result {
  return {
    kind: 'plain',
    header: response.header,
    text,
    json: views.json ?? {},
    fields: views.fields,
    encoded: method.encodeResponse(response),
  };
}
