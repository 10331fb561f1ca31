// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface HealthCheckRequest {
  service: string;
}

export function newHealthCheckRequest(): HealthCheckRequest {
  return { service: '' };
}

export function readHealthCheckRequestInto(reader: ProtoReader, message: HealthCheckRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.service = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeHealthCheckRequest(writer: ProtoWriter, message: Init<HealthCheckRequest>): void {
  if (message.service !== undefined && message.service !== '') {
    writer.string(message.service);
    writer.uint32(10);
  }
}

export const HealthCheckRequest = {
  encode: (message: Init<HealthCheckRequest>): Buffer => encodeWith(writeHealthCheckRequest, message),
  decode(bytes: Uint8Array): HealthCheckRequest {
    const message = newHealthCheckRequest();
    readHealthCheckRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const HealthCheckResponse_ServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;
export type HealthCheckResponse_ServingStatus = (typeof HealthCheckResponse_ServingStatus)[keyof typeof HealthCheckResponse_ServingStatus];

export interface HealthCheckResponse {
  status: HealthCheckResponse_ServingStatus;
}

export function newHealthCheckResponse(): HealthCheckResponse {
  return { status: 0 };
}

export function readHealthCheckResponseInto(reader: ProtoReader, message: HealthCheckResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.status = reader.int32() as HealthCheckResponse_ServingStatus;
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeHealthCheckResponse(writer: ProtoWriter, message: Init<HealthCheckResponse>): void {
  if (message.status !== undefined && message.status !== 0) {
    writer.int32(message.status);
    writer.uint32(8);
  }
}

export const HealthCheckResponse = {
  encode: (message: Init<HealthCheckResponse>): Buffer => encodeWith(writeHealthCheckResponse, message),
  decode(bytes: Uint8Array): HealthCheckResponse {
    const message = newHealthCheckResponse();
    readHealthCheckResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface HealthListRequest {
}

export function newHealthListRequest(): HealthListRequest {
  return {  };
}

export function readHealthListRequestInto(reader: ProtoReader, _message: HealthListRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeHealthListRequest(_writer: ProtoWriter, _message: Init<HealthListRequest>): void {}

export const HealthListRequest = {
  encode: (message: Init<HealthListRequest>): Buffer => encodeWith(writeHealthListRequest, message),
  decode(bytes: Uint8Array): HealthListRequest {
    const message = newHealthListRequest();
    readHealthListRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface HealthListResponse {
  statuses: Map<string, HealthCheckResponse>;
}

export function newHealthListResponse(): HealthListResponse {
  return { statuses: new Map() };
}

export function readHealthListResponseInto(reader: ProtoReader, message: HealthListResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        let key = '';
        const value = newHealthCheckResponse();
        for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
          if (inner === 10) key = reader.string();
          else if (inner === 18) {
            const valueEnd = reader.enter();
            readHealthCheckResponseInto(reader, value);
            reader.leave(valueEnd);
          } else reader.skip(inner);
        }
        reader.leave(outerEnd);
        message.statuses.set(key, value);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeHealthListResponse(writer: ProtoWriter, message: Init<HealthListResponse>): void {
  for (const [key, value] of [...(message.statuses ?? [])].reverse()) {
    const entryBefore = writer.sizeBytes;
    const sizeBefore = writer.sizeBytes;
    writeHealthCheckResponse(writer, value);
    writer.length(sizeBefore);
    writer.uint32(18);
    writer.string(key);
    writer.uint32(10);
    writer.length(entryBefore);
    writer.uint32(10);
  }
}

export const HealthListResponse = {
  encode: (message: Init<HealthListResponse>): Buffer => encodeWith(writeHealthListResponse, message),
  decode(bytes: Uint8Array): HealthListResponse {
    const message = newHealthListResponse();
    readHealthListResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const Health = {
  name: 'grpc.health.v1.Health',
  methods: {
    check: {
      name: 'Check',
      path: '/grpc.health.v1.Health/Check',
      request: HealthCheckRequest,
      response: HealthCheckResponse,
      clientStream: false,
      serverStream: false,
    },
    watch: {
      name: 'Watch',
      path: '/grpc.health.v1.Health/Watch',
      request: HealthCheckRequest,
      response: HealthCheckResponse,
      clientStream: false,
      serverStream: true,
    },
    list: {
      name: 'List',
      path: '/grpc.health.v1.Health/List',
      request: HealthListRequest,
      response: HealthListResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;
