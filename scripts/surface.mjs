// `npm run surface`: what pages can touch of the player, as files for review: docs/api/shoal.api.md (the types), custom-elements.json (the
// element, for editors) and docs/player.md (the guide). All of it is read from the sources that the module's types come from.
// With `--check`, as in `npm run lint`, nothing is written, and a file that is not as the sources say is an error.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import ts from 'typescript';
import { fail, root, say } from './run.mjs';

const LIB = join(root, 'www', 'lib');
const check = process.argv.includes('--check');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** The entry below www/lib, without what its name ends in. */
const entry = manifest.types.replace('./dist/types/', '').replace('.d.ts', '');

const { options, fileNames } = ts.parseJsonConfigFileContent(ts.readConfigFile(join(LIB, 'tsconfig.json'), ts.sys.readFile).config, ts.sys, LIB);
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();
const exported = new Map(
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(LIB, `${entry}.ts`)))).map((symbol) => {
    const origin = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return [symbol.name, origin.declarations[0]];
  }),
);

const stale = [];
report();
const element = describe(exported.get('ShoalPlayer'));
agree(element);
keep('custom-elements.json', `${JSON.stringify(elements(element), null, 2)}\n`);
keep(join('docs', 'player.md'), guide(element));
if (stale.length > 0) fail(`Not as the sources say: ${stale.join(', ')}. Run "npm run surface", and look at the difference.`);
say(`surface: ${exported.size} names, ${element.attributes.length} attributes, ${element.events.length} events`);

/** Writes a file, or notes that it is not what it should be. */
function keep(name, text) {
  const path = join(root, name);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  if (check) {
    stale.push(name);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  say(`surface: wrote ${name}`);
}

/** The types, as api-extractor reports them. */
function report() {
  const folder = join(root, 'target', 'surface');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const declare = (path, text) => {
    const to = join(folder, 'types', relative(options.outDir, path));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, text);
  };
  program.emit(undefined, declare, undefined, true);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: manifest.name, version: manifest.version }));
  const silent = { default: { logLevel: 'none' } };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, 'types', `${entry}.d.ts`),
      compiler: { overrideTsconfig: { compilerOptions: { ...ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config.compilerOptions, skipLibCheck: true }, include: [`types/${entry}.d.ts`] } },
      apiReport: { enabled: true, reportFileName: 'shoal.api.md', reportFolder: folder, reportTempFolder: join(folder, 'now') },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: { compilerMessageReporting: { default: { logLevel: 'error' } }, extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  });
  let faults = 0;
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      if (message.logLevel === 'error') {
        faults += 1;
        say(`surface: ${message.formatMessageWithLocation(root)}`);
      }
      message.handled = true;
    },
  });
  if (faults > 0) fail('The types of the public surface do not stand by themselves.');
  keep(join('docs', 'api', 'shoal.api.md'), readFileSync(join(folder, 'shoal.api.md'), 'utf8'));
}

/** A doc comment as one line of Markdown. */
function flat(text) {
  return text.replace(/\s+/g, ' ').trim();
}

/** What a declaration's comment says, without its tags. */
function comment(node) {
  const symbol = checker.getSymbolAtLocation(node.name);
  return flat(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
}

/** Members of a class or interface, those that it inherits from ours first. */
function members(node) {
  const above = (node.heritageClauses ?? []).flatMap(({ types }) => types.map(({ expression }) => exported.get(expression.getText())));
  return [...above.filter((one) => one !== undefined).flatMap(members), ...node.members];
}

/** Members of a type of string literals, each with the comment before it. */
function literals(name) {
  const node = exported.get(name);
  const text = node.getSourceFile().text;
  let from = node.name.end;
  return node.type.types.map((type) => {
    const before = /\/\*\*([^]*?)\*\//.exec(text.slice(from, type.getStart()))?.[1] ?? '';
    from = type.end;
    return { name: type.literal.text, description: flat(before.replace(/^\s*\*/gm, '')) };
  });
}

/** Properties of an interface: name, type and comment. */
function properties(name) {
  return members(exported.get(name)).map((member) => ({ name: member.name.getText(), type: member.type?.getText() ?? '', description: comment(member) }));
}

/** The element: its members, and the tags of its comment. */
function describe(node) {
  const tags = (kind) =>
    ts.getJSDocTags(node)
      .filter(({ tagName }) => tagName.text === kind)
      .map((tag) => {
        const text = flat(`${tag.typeExpression?.getText() ?? ''} ${ts.getTextOfJSDocComment(tag.comment) ?? ''}`);
        const [, type, name = '', description] = /^(?:\{(.*)\}\s+)?(?:(\S{2,})\s+)?-\s+(.*)$/.exec(text) ?? fail(`surface: @${kind} ${text}`);
        return { name, type, description };
      });
  const shown = node.members.filter(({ name, modifiers }) => {
    const hidden = name === undefined || ts.isPrivateIdentifier(name) || /Callback$|^addEventListener$/.test(name.getText());
    return !hidden && !(modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
  });
  const fields = new Map();
  for (const member of shown.filter((one) => ts.isGetAccessor(one) || ts.isSetAccessor(one))) {
    const name = member.name.getText();
    const field = fields.get(name) ?? { name, readonly: true, type: '', description: comment(member) };
    if (ts.isGetAccessor(member)) field.type = member.type.getText();
    else field.readonly = false;
    fields.set(name, field);
  }
  const methods = shown.filter(ts.isMethodDeclaration).map((method) => ({ name: method.name.getText(), type: method.type.getText(), description: comment(method) }));
  return {
    description: comment(node),
    attributes: tags('attr'),
    fields: [...fields.values()],
    methods,
    events: tags('fires'),
    slots: tags('slot'),
    parts: tags('csspart'),
    custom: tags('cssprop'),
  };
}

/** Fails where the comment of the element and the code disagree. */
function agree({ attributes, events, parts, custom }) {
  const sources = files(LIB).map((path) => readFileSync(path, 'utf8')).join('\n');
  const observed = /observedAttributes = \[([^\]]*)\]/.exec(sources)[1];
  const listed = observed.split(',').flatMap((word) => {
    const list = /^\s*\.\.\.(\w+)/.exec(word)?.[1];
    return list === undefined ? [word] : new RegExp(`const ${list} = \\[([^\\]]*)\\]`).exec(sources)[1].split(',');
  });
  const pairs = {
    '@attr': [attributes, listed.map((word) => word.trim().replaceAll('"', ''))],
    '@fires': [events, properties('PlayerEventMap').map(({ name }) => name)],
    '@csspart': [parts, [...sources.matchAll(/\bpart(?:: |", )"([\w-]+)"/g)].map(([, name]) => name)],
    '@cssprop': [custom, [...sources.matchAll(/--shoal-[\w-]+/g)].map(([name]) => name).filter((name) => !name.endsWith('-'))],
  };
  for (const [tag, [told, found]] of Object.entries(pairs)) {
    const names = told.map(({ name }) => name);
    const wrong = [...names.filter((name) => !found.includes(name)), ...found.filter((name) => !names.includes(name))];
    if (wrong.length > 0) fail(`surface: ${tag} and the code disagree about ${[...new Set(wrong)].join(', ')}`);
  }
}

/** TypeScript and style sheets below a folder. */
function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((file) => {
    const path = join(folder, file.name);
    if (file.isDirectory()) return files(path);
    return /(?<!\.test)\.(ts|css)$/.test(file.name) ? [path] : [];
  });
}

/** The manifest of custom elements: https://github.com/webcomponents/custom-elements-manifest. */
function elements({ description, attributes, fields, methods, events, slots, parts, custom }) {
  const plain = ({ name, description }) => ({ name, description });
  const typed = ({ name, type, description }) => ({ name, description, ...(type && { type: { text: type } }) });
  const path = manifest.exports['.'].default.replace('./', '');
  const declaration = { name: 'ShoalPlayer', module: path };
  const members = [
    ...fields.map((field) => ({ kind: 'field', ...typed(field), readonly: field.readonly })),
    ...methods.map(({ name, type, description }) => ({ kind: 'method', name, description, return: { type: { text: type } } })),
  ];
  return {
    schemaVersion: '1.0.0',
    readme: 'docs/player.md',
    modules: [
      {
        kind: 'javascript-module',
        path,
        declarations: [
          {
            kind: 'class',
            name: 'ShoalPlayer',
            tagName: 'shoal-player',
            customElement: true,
            superclass: { name: 'HTMLElement' },
            description,
            attributes: attributes.map(typed),
            members,
            events: events.map((event) => ({ ...typed(event), type: { text: event.type } })),
            slots: slots.map(plain),
            cssParts: parts.map(plain),
            cssProperties: custom.map(plain),
          },
        ],
        exports: [
          { kind: 'js', name: 'ShoalPlayer', declaration },
          { kind: 'custom-element-definition', name: 'shoal-player', declaration },
        ],
      },
    ],
  };
}

/** A table of Markdown. */
function table(heads, rows) {
  const cell = (text) => text.replaceAll('|', '\\|');
  return [heads, heads.map(() => '---'), ...rows.map((row) => row.map(cell))].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The guide for whoever puts the player into a page. */
function guide({ attributes, fields, methods, events, slots, parts, custom }) {
  const code = (text) => `\`${text.replace(/\s+/g, ' ')}\``;
  const named = (list) => list.map(({ name, description }) => [code(name), description]);
  const typed = (list) => list.map(({ name, type, description }) => [code(name), code(type), description]);
  const own = ({ name, type, description }) => [code(`p2p.${name.replace('?', '')}`), code(type || 'method'), description];
  const sharing = properties('P2P').filter(({ name }) => !['state', 'reason'].includes(name));
  const set = exported.get('P2P').members.find(({ name }) => name.getText() === 'set');
  const events_ = events.map(({ name, type, description }) => [code(name), code(type.replace(/^CustomEvent<(.*)>$/, '$1')), description]);
  return `<!-- Made by "npm run surface" from the comments in www/lib: change it there. -->

# The player

\`<shoal-player>\` is known to a page once its script is loaded: \`<script src="…/shoal.js" async></script>\`, or \`import { ShoalPlayer } from "shoal"\` with types. What
sharing asks of viewers is in the [README](../README.md#what-a-viewer-is-told-and-what-is-sent-when), the types in full in [api/shoal.api.md](api/shoal.api.md).

## Attributes

${table(['Attribute', 'Type', 'Meaning'], typed(attributes.map(({ type, ...rest }) => ({ ...rest, type: type ?? 'string' }))))}

${slots.map(({ description }) => description).join('\n')}

## Properties and methods

${table(
  ['Member', 'Type', 'Meaning'],
  [
    ...fields.flatMap((field) => [
      [code(field.name), code(field.type), `${field.description}${field.readonly ? ' Read-only.' : ''}`],
      ...(field.name === 'p2p'
        ? [
            [code('p2p.state'), code('P2PState'), 'See [States](#states).'],
            [code('p2p.reason'), code('P2PReason | null'), 'See [Reasons](#reasons).'],
            ...sharing.filter(({ name }) => name !== 'set').map(own),
            [code('p2p.set(share)'), code('void'), comment(set)],
          ]
        : []),
    ]),
    ...methods.map(({ name, type, description }) => [code(`${name}()`), code(type), description]),
  ],
)}

\`p2p.record\` has:

${table(['Member', 'Type', 'Meaning'], typed(properties('AnswerRecord')))}

## Events

All of them are \`CustomEvent\`s that bubble and cross shadow roots.

${table(['Event', '`detail`', 'Meaning'], events_)}

## States

${table(['`state`', 'Meaning'], named(literals('P2PState')))}

## Reasons

Why sharing is not on: \`reason\` where \`state\` is \`off\` or \`waiting\`, and else \`null\`.

${table(['`reason`', 'Meaning, and what to do'], named(literals('P2PReason')))}

## Errors

The \`detail\` of \`error\`:

${table(['Member', 'Type', 'Meaning'], typed(properties('PlayerError')))}

${table(['`code`', 'Meaning, and what to do'], named(literals('ErrorCode')))}

## Statistics

What \`stats()\` and the event \`stats\` give, beside \`state\` and \`reason\`. Bytes are of media, without what HTTP and WebRTC add; rates are in bytes per second.

${table(['Member', 'Type', 'Meaning'], typed(properties('PlayerStats').filter(({ name }) => !['state', 'reason'].includes(name))))}

## Options

For all players of a page: \`window.shoal = { … }\` before the script tag, or \`configure({ … })\` of the module before the players start.

${table(['Option', 'Type', 'Meaning'], typed(properties('Options').map((option) => ({ ...option, name: option.name.replace('?', '') }))))}

## Appearance

Custom properties of the element:

${table(['Property', 'Meaning'], named(custom))}

Parts, for \`shoal-player::part(…)\`:

${table(['Part', 'Meaning'], named(parts))}

The notice is no part and inherits nothing: no style of a page makes it unreadable, and while it cannot be seen, nobody who has not read it joins. Colours follow the viewer's light or dark setting until the page sets its own.
`;
}
