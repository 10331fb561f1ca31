/** One block of a PEM file. */
export interface PemBlock {
  readonly label: string;
  /** The block as it stands, with its first and last line. */
  readonly text: string;
  readonly der: Buffer;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g;
/** Headers of old encrypted keys (RFC 1421) are not part of the contents. */
const HEADERS = /^[A-Za-z0-9-]+:.*$/gm;

/** All blocks of a PEM file; what lies between them is ignored, as everywhere. */
export function pemBlocks(file: Buffer): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [text, label = '', body = ''] of file.toString('latin1').matchAll(BLOCK)) {
    const base64 = body.replace(HEADERS, '').replace(/\s+/g, '');
    blocks.push({ label, text: `${text}\n`, der: Buffer.from(base64, 'base64') });
  }
  return blocks;
}

/** Contents as a PEM block. */
export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
