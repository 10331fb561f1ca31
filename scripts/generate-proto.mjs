// Generates src/proto/generated/<package>.ts from proto/: for every message an interface and a codec
// over src/proto/wire.ts, for every service a table of its methods.
//
// Why not the static code of protobufjs: it has no bigint, so 64-bit ids become Long objects; and it
// cannot saturate a client's MaxInt64 in a field that we keep as a number.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const protoFolder = join(top, 'proto');
const outFolder = join(top, 'src/proto/generated');

const files = readdirSync(protoFolder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.proto'))
  .sort();
const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith('/') ? target : join(protoFolder, target);
root.loadSync(
  files.map((name) => join(protoFolder, name)),
  { keepCase: true },
);
root.resolveAll();

/** raft_index, raftIndex, ID, peerURLs, remaining_TTL → raftIndex, raftIndex, id, peerUrls, remainingTtl. */
function camel(name) {
  const words = name
    .replace('URLs', 'Urls')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .split('_')
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
  return words.map((word, i) => (i === 0 ? word : word[0].toUpperCase() + word.slice(1))).join('');
}

const packageOf = (object) => {
  let parent = object.parent;
  while (parent instanceof protobuf.Type) parent = parent.parent;
  return parent.fullName.replace(/^\./, '');
};
/** The TypeScript name: nested types are joined with an underscore; `snapshot` gets a capital. */
const typeName = (object) => {
  const own = object.name[0].toUpperCase() + object.name.slice(1);
  return object.parent instanceof protobuf.Type ? `${typeName(object.parent)}_${own}` : own;
};
const moduleName = (pkg) => pkg.replace(/\./g, '_');

const SCALARS = {
  bool: { type: 'boolean', zero: 'false', method: 'bool', wire: 0 },
  string: { type: 'string', zero: "''", method: 'string', wire: 2 },
  bytes: { type: 'Buffer', zero: 'EMPTY_BYTES', method: 'bytes', wire: 2 },
  uint32: { type: 'number', zero: '0', method: 'uint32', wire: 0 },
  int32: { type: 'number', zero: '0', method: 'int32', wire: 0 },
};

/** How one field is typed, read and written. */
function describe(field, pkg, imports) {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Type || resolved instanceof protobuf.Enum) {
    const otherPackage = packageOf(resolved);
    const name = typeName(resolved);
    const isMessage = resolved instanceof protobuf.Type;
    if (otherPackage !== pkg) {
      if (!imports.has(otherPackage)) imports.set(otherPackage, new Set());
      imports.get(otherPackage).add(isMessage ? `read${name}Into` : `type ${name}`);
      if (isMessage) {
        for (const extra of [`type ${name}`, `write${name}`, `new${name}`]) {
          imports.get(otherPackage).add(extra);
        }
      }
    }
    if (isMessage) return { kind: 'message', type: name, name, wire: 2 };
    return { kind: 'enum', type: name, zero: '0', method: 'int32', wire: 0, cast: name };
  }
  if (field.type === 'int64' || field.type === 'uint64') {
    if (field.options?.jstype === 'JS_NUMBER') {
      const read = `${field.type}Number`;
      return { kind: 'scalar', type: 'number', zero: '0', method: 'int64Number', read, wire: 0 };
    }
    return {
      kind: 'scalar',
      type: 'bigint',
      zero: '0n',
      method: 'uint64',
      read: field.type,
      wire: 0,
    };
  }
  const scalar = SCALARS[field.type];
  if (scalar === undefined) throw new Error(`${field.fullName}: type ${field.type} is not handled`);
  return { kind: 'scalar', ...scalar };
}

function fieldsOf(type, pkg, imports) {
  return type.fieldsArray
    .map((field) => {
      const about = describe(field, pkg, imports);
      const proto2 = type.root === root && isProto2(pkg);
      const optional =
        !field.repeated && !field.map && (about.kind === 'message' || field.partOf || proto2);
      return {
        ...about,
        id: field.id,
        name: camel(field.name),
        typeName: about.type,
        optional,
        repeated: field.repeated,
        map: field.map,
        group: field.partOf,
        packed: !proto2,
        about,
      };
    })
    .sort((a, b) => a.id - b.id);
}
const PROTO2 = new Set(['raftpb', 'walpb', 'snappb']);
const isProto2 = (pkg) => PROTO2.has(pkg);

const readValue = (f) => {
  const call = `reader.${f.about.read ?? f.about.method}()`;
  return f.kind === 'enum' ? `${call} as ${f.typeName}` : call;
};

function interfaceOf(type, fields) {
  const lines = [`export interface ${typeName(type)} {`];
  for (const f of fields) {
    if (f.map) lines.push(`  ${f.name}: Map<string, ${f.typeName}>;`);
    else if (f.repeated) lines.push(`  ${f.name}: ${f.typeName}[];`);
    else if (f.optional) lines.push(`  ${f.name}: ${f.typeName} | undefined;`);
    else lines.push(`  ${f.name}: ${f.typeName};`);
  }
  return [...lines, '}'];
}

function newOf(type, fields) {
  const zero = (f) =>
    f.map ? 'new Map()' : f.repeated ? '[]' : f.optional ? 'undefined' : f.about.zero;
  return [
    `export function new${typeName(type)}(): ${typeName(type)} {`,
    `  return { ${fields.map((f) => `${f.name}: ${zero(f)}`).join(', ')} };`,
    '}',
  ];
}

function readCase(f, fields) {
  const tag = f.id * 8 + f.wire;
  const lines = [];
  const clear = f.group
    ? fields
        .filter((o) => o.group === f.group && o !== f)
        .map((o) => `        message.${o.name} = undefined;`)
    : [];
  lines.push(`      case ${f.map ? f.id * 8 + 2 : tag}: {`);
  if (f.map) {
    lines.push(
      '        const outerEnd = reader.enter();',
      "        let key = '';",
      `        const value = new${f.about.name}();`,
      '        for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {',
      '          if (inner === 10) key = reader.string();',
      '          else if (inner === 18) {',
      '            const valueEnd = reader.enter();',
      `            read${f.about.name}Into(reader, value);`,
      '            reader.leave(valueEnd);',
      '          } else reader.skip(inner);',
      '        }',
      '        reader.leave(outerEnd);',
      `        message.${f.name}.set(key, value);`,
    );
  } else if (f.kind === 'message') {
    lines.push('        const outerEnd = reader.enter();');
    if (f.repeated) {
      lines.push(
        `        const element = new${f.about.name}();`,
        `        read${f.about.name}Into(reader, element);`,
        `        message.${f.name}.push(element);`,
      );
    } else {
      lines.push(
        `        const nested = message.${f.name} ?? new${f.about.name}();`,
        ...clear,
        `        message.${f.name} = nested;`,
        `        read${f.about.name}Into(reader, nested);`,
      );
    }
    lines.push('        reader.leave(outerEnd);');
  } else if (f.repeated) {
    lines.push(`        message.${f.name}.push(${readValue(f)});`);
  } else {
    lines.push(...clear, `        message.${f.name} = ${readValue(f)};`);
  }
  lines.push('        break;', '      }');
  if (f.repeated && f.wire === 0) {
    lines.push(
      `      case ${f.id * 8 + 2}: {`,
      '        const outerEnd = reader.enter();',
      `        while (reader.position < reader.end) message.${f.name}.push(${readValue(f)});`,
      '        reader.leave(outerEnd);',
      '        break;',
      '      }',
    );
  }
  return lines;
}

function readOf(type, fields) {
  const name = typeName(type);
  return [
    `export function read${name}Into(reader: ProtoReader, ${fields.length ? 'message' : '_message'}: ${name}): void {`,
    '  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {',
    ...(fields.length === 0
      ? ['    reader.skip(tag);']
      : [
          '    switch (tag) {',
          ...fields.flatMap((f) => readCase(f, fields)),
          '      default:',
          '        reader.skip(tag);',
          '    }',
        ]),
    '  }',
    '}',
  ];
}

/** Statements that write one present value (tag included), last byte first. */
function writeOne(f, value, indent) {
  const tag = `writer.uint32(${f.id * 8 + f.wire});`;
  if (f.kind === 'message') {
    return [
      `const sizeBefore = writer.sizeBytes;`,
      `write${f.about.name}(writer, ${value});`,
      'writer.length(sizeBefore);',
      tag,
    ].map((l) => indent + l);
  }
  return [`writer.${f.about.method}(${value});`, tag].map((l) => indent + l);
}

function writeField(f) {
  const access = `message.${f.name}`;
  if (f.map) {
    return [
      `  for (const [key, value] of [...(${access} ?? [])].reverse()) {`,
      '    const entryBefore = writer.sizeBytes;',
      '    const sizeBefore = writer.sizeBytes;',
      `    write${f.about.name}(writer, value);`,
      '    writer.length(sizeBefore);',
      '    writer.uint32(18);',
      '    writer.string(key);',
      '    writer.uint32(10);',
      '    writer.length(entryBefore);',
      `    writer.uint32(${f.id * 8 + 2});`,
      '  }',
    ];
  }
  if (f.repeated) {
    const list = camel(`${f.name}_list`);
    if (f.wire === 0 && f.packed) {
      return [
        `  const ${list} = ${access} ?? [];`,
        `  if (${list}.length > 0) {`,
        '    const sizeBefore = writer.sizeBytes;',
        `    for (let i = ${list}.length - 1; i >= 0; i--) writer.${f.about.method}(${list}[i] ?? ${f.about.zero});`,
        '    writer.length(sizeBefore);',
        `    writer.uint32(${f.id * 8 + 2});`,
        '  }',
      ];
    }
    return [
      `  const ${list} = ${access} ?? [];`,
      `  for (let i = ${list}.length - 1; i >= 0; i--) {`,
      `    const element = ${list}[i];`,
      '    if (element === undefined) continue;',
      ...writeOne(f, 'element', '    '),
      '  }',
    ];
  }
  if (f.optional)
    return [`  if (${access} !== undefined) {`, ...writeOne(f, access, '    '), '  }'];
  const present =
    {
      boolean: access,
      string: `${access} !== undefined && ${access} !== ''`,
      Buffer: `${access} !== undefined && ${access}.length > 0`,
    }[f.typeName] ?? `${access} !== undefined && ${access} !== ${f.about.zero}`;
  return [`  if (${present}) {`, ...writeOne(f, access, '    '), '  }'];
}

function writeOf(type, fields) {
  const name = typeName(type);
  if (fields.length === 0)
    return [`export function write${name}(_writer: ProtoWriter, _message: Init<${name}>): void {}`];
  return [
    `export function write${name}(writer: ProtoWriter, message: Init<${name}>): void {`,
    ...fields.toReversed().flatMap(writeField),
    '}',
  ];
}

function codecOf(type) {
  const name = typeName(type);
  return [
    `export const ${name} = {`,
    `  encode: (message: Init<${name}>): Buffer => encodeWith(write${name}, message),`,
    `  decode(bytes: Uint8Array): ${name} {`,
    `    const message = new${name}();`,
    `    read${name}Into(new ProtoReader(bytes), message);`,
    '    return message;',
    '  },',
    '};',
  ];
}

function enumOf(type) {
  const name = typeName(type);
  return [
    `export const ${name} = {`,
    ...Object.entries(type.values).map(([key, value]) => `  ${key}: ${value},`),
    '} as const;',
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
  ];
}

function serviceOf(service, pkg, imports) {
  const lines = [
    `export const ${service.name} = {`,
    `  name: '${pkg}.${service.name}',`,
    '  methods: {',
  ];
  for (const method of service.methodsArray) {
    method.resolve();
    for (const side of [method.resolvedRequestType, method.resolvedResponseType]) {
      const other = packageOf(side);
      if (other !== pkg) imports.set(other, (imports.get(other) ?? new Set()).add(typeName(side)));
    }
    lines.push(
      `    ${camel(method.name)}: {`,
      `      name: '${method.name}',`,
      `      path: '/${pkg}.${service.name}/${method.name}',`,
      `      request: ${typeName(method.resolvedRequestType)},`,
      `      response: ${typeName(method.resolvedResponseType)},`,
      `      clientStream: ${Boolean(method.requestStream)},`,
      `      serverStream: ${Boolean(method.responseStream)},`,
      '    },',
    );
  }
  return [...lines, '  },', '} as const;'];
}

function generate(namespace, pkg) {
  const imports = new Map();
  const body = [];
  const services = [];
  const visit = (object) => {
    if (object instanceof protobuf.Enum) body.push(...enumOf(object), '');
    if (object instanceof protobuf.Service) services.push(object);
    if (object instanceof protobuf.Type) {
      for (const nested of object.nestedArray) visit(nested);
      const fields = fieldsOf(object, pkg, imports);
      for (const part of [
        interfaceOf(object, fields),
        newOf(object, fields),
        readOf(object, fields),
        writeOf(object, fields),
        codecOf(object),
      ])
        body.push(...part, '');
    }
  };
  for (const object of namespace.nestedArray) visit(object);
  for (const service of services) body.push(...serviceOf(service, pkg, imports), '');
  if (body.length === 0) return;
  const importLines = [...imports].sort().map(([other, names]) => {
    // A message that is imported as a value brings its interface of the same name along.
    const list = [...names]
      .filter((name) => !(name.startsWith('type ') && names.has(name.slice(5))))
      .sort();
    return `import { ${list.join(', ')} } from './${moduleName(other)}.js';`;
  });
  const text = [
    '// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.',
    ...importLines,
  ];
  const used = ['EMPTY_BYTES', 'ProtoReader', 'encodeWith'].filter((name) =>
    body.some((line) => line.includes(name)),
  );
  text.push(
    `import { ${[...used, 'type Init', ...(body.some((l) => l.includes('ProtoWriter')) ? ['type ProtoWriter'] : [])].join(', ')} } from '../wire.js';`,
    '',
    ...body,
  );
  writeFileSync(join(outFolder, `${moduleName(pkg)}.ts`), `${text.join('\n').trimEnd()}\n`);
}

rmSync(outFolder, { recursive: true, force: true });
mkdirSync(outFolder, { recursive: true });
const walk = (namespace) => {
  if (namespace instanceof protobuf.Type) return;
  const own = namespace.nestedArray.filter(
    (o) =>
      !(o instanceof protobuf.Namespace) ||
      o instanceof protobuf.Type ||
      o instanceof protobuf.Service,
  );
  if (own.length > 0) generate({ nestedArray: own }, namespace.fullName.replace(/^\./, ''));
  for (const nested of namespace.nestedArray) {
    if (
      nested instanceof protobuf.Namespace &&
      !(nested instanceof protobuf.Type) &&
      !(nested instanceof protobuf.Service)
    )
      walk(nested);
  }
};
walk(root);
