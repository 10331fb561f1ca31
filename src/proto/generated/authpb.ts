// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { EMPTY_BYTES, ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface UserAddOptions {
  noPassword: boolean;
}

export function newUserAddOptions(): UserAddOptions {
  return { noPassword: false };
}

export function readUserAddOptionsInto(reader: ProtoReader, message: UserAddOptions): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.noPassword = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeUserAddOptions(writer: ProtoWriter, message: Init<UserAddOptions>): void {
  if (message.noPassword) {
    writer.bool(message.noPassword);
    writer.uint32(8);
  }
}

export const UserAddOptions = {
  encode: (message: Init<UserAddOptions>): Buffer => encodeWith(writeUserAddOptions, message),
  decode(bytes: Uint8Array): UserAddOptions {
    const message = newUserAddOptions();
    readUserAddOptionsInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface User {
  name: Buffer;
  password: Buffer;
  roles: string[];
  options: UserAddOptions | undefined;
}

export function newUser(): User {
  return { name: EMPTY_BYTES, password: EMPTY_BYTES, roles: [], options: undefined };
}

export function readUserInto(reader: ProtoReader, message: User): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.bytes();
        break;
      }
      case 18: {
        message.password = reader.bytes();
        break;
      }
      case 26: {
        message.roles.push(reader.string());
        break;
      }
      case 34: {
        const outerEnd = reader.enter();
        const nested = message.options ?? newUserAddOptions();
        message.options = nested;
        readUserAddOptionsInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeUser(writer: ProtoWriter, message: Init<User>): void {
  if (message.options !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeUserAddOptions(writer, message.options);
    writer.length(sizeBefore);
    writer.uint32(34);
  }
  const rolesList = message.roles ?? [];
  for (let i = rolesList.length - 1; i >= 0; i--) {
    const element = rolesList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(26);
  }
  if (message.password !== undefined && message.password.length > 0) {
    writer.bytes(message.password);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name.length > 0) {
    writer.bytes(message.name);
    writer.uint32(10);
  }
}

export const User = {
  encode: (message: Init<User>): Buffer => encodeWith(writeUser, message),
  decode(bytes: Uint8Array): User {
    const message = newUser();
    readUserInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const Permission_Type = {
  READ: 0,
  WRITE: 1,
  READWRITE: 2,
} as const;
export type Permission_Type = (typeof Permission_Type)[keyof typeof Permission_Type];

export interface Permission {
  permType: Permission_Type;
  key: Buffer;
  rangeEnd: Buffer;
}

export function newPermission(): Permission {
  return { permType: 0, key: EMPTY_BYTES, rangeEnd: EMPTY_BYTES };
}

export function readPermissionInto(reader: ProtoReader, message: Permission): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.permType = reader.int32() as Permission_Type;
        break;
      }
      case 18: {
        message.key = reader.bytes();
        break;
      }
      case 26: {
        message.rangeEnd = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writePermission(writer: ProtoWriter, message: Init<Permission>): void {
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.bytes(message.rangeEnd);
    writer.uint32(26);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(18);
  }
  if (message.permType !== undefined && message.permType !== 0) {
    writer.int32(message.permType);
    writer.uint32(8);
  }
}

export const Permission = {
  encode: (message: Init<Permission>): Buffer => encodeWith(writePermission, message),
  decode(bytes: Uint8Array): Permission {
    const message = newPermission();
    readPermissionInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface Role {
  name: Buffer;
  keyPermission: Permission[];
}

export function newRole(): Role {
  return { name: EMPTY_BYTES, keyPermission: [] };
}

export function readRoleInto(reader: ProtoReader, message: Role): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.bytes();
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newPermission();
        readPermissionInto(reader, element);
        message.keyPermission.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRole(writer: ProtoWriter, message: Init<Role>): void {
  const keyPermissionList = message.keyPermission ?? [];
  for (let i = keyPermissionList.length - 1; i >= 0; i--) {
    const element = keyPermissionList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writePermission(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name.length > 0) {
    writer.bytes(message.name);
    writer.uint32(10);
  }
}

export const Role = {
  encode: (message: Init<Role>): Buffer => encodeWith(writeRole, message),
  decode(bytes: Uint8Array): Role {
    const message = newRole();
    readRoleInto(new ProtoReader(bytes), message);
    return message;
  },
};
