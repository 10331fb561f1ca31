import {
  ConnectionError,
  DEFAULT_MAX_FRAME_BYTES,
  ErrorCode,
  MAX_MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  Setting,
} from './protocol.js';

const SETTING_BYTES = 6;

/** What of a client's SETTINGS concerns a server that pushes nothing and refers to no table. */
export interface ClientSettings {
  /** The smallest size that was named: a table must be cut to it, whatever came after. */
  smallestHeaderTableSize: number | undefined;
  initialWindowSize: number | undefined;
  maxFrameSize: number | undefined;
}

/**
 * Reads the payload of a SETTINGS frame (RFC 9113 §6.5). Of a setting that is repeated the last value
 * counts; unknown ones are ignored. Throws {@link ConnectionError}.
 */
export function readSettings(bytes: Buffer, start: number, end: number): ClientSettings {
  if ((end - start) % SETTING_BYTES !== 0) {
    throw new ConnectionError(ErrorCode.frameSizeError, 'a SETTINGS frame of odd length');
  }
  const settings: ClientSettings = {
    smallestHeaderTableSize: undefined,
    initialWindowSize: undefined,
    maxFrameSize: undefined,
  };
  for (let at = start; at < end; at += SETTING_BYTES) {
    const value = bytes.readUInt32BE(at + 2);
    switch (bytes.readUInt16BE(at)) {
      case Setting.headerTableSize:
        settings.smallestHeaderTableSize = Math.min(
          settings.smallestHeaderTableSize ?? value,
          value,
        );
        break;
      case Setting.enablePush:
        if (value > 1) throw invalid('ENABLE_PUSH', ErrorCode.protocolError);
        break;
      case Setting.initialWindowSize:
        if (value > MAX_WINDOW_BYTES)
          throw invalid('INITIAL_WINDOW_SIZE', ErrorCode.flowControlError);
        settings.initialWindowSize = value;
        break;
      case Setting.maxFrameSize:
        if (value < DEFAULT_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES) {
          throw invalid('MAX_FRAME_SIZE', ErrorCode.protocolError);
        }
        settings.maxFrameSize = value;
        break;
      default:
    }
  }
  return settings;
}

function invalid(name: string, code: ErrorCode): ConnectionError {
  return new ConnectionError(code, `invalid SETTINGS_${name}`);
}

/** The payload of a SETTINGS frame. */
export function writeSettings(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * SETTING_BYTES);
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2);
  });
  return payload;
}
