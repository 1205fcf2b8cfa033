/** A plugin of TypeDoc: sorts what users see by the folder or file that it is written in, and shows all losses as such. */
import { CommentTag, Converter, JSX, ReferenceType, ReflectionKind } from 'typedoc';

const CATEGORIES = [
  ['src/losses/', 'Losses'],
  ['src/composition/', 'Losses'],
  ['src/ops/', 'Ops'],
  ['src/metrics/', 'Metrics'],
  ['src/register.ts', 'Registration'],
  ['src/compile.ts', 'Registration'],
  ['src/registry.ts', 'Names and saved losses'],
  ['src/core/loss.ts', 'Losses of your own'],
  ['', 'Types'],
];

export function load({ converter, renderer }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const exported = (project.children ?? []).flatMap(({ children }) => children ?? []);
    const loss = exported.find(({ name }) => name === 'Loss');
    for (const reflection of exported) {
      const { packagePath } = project.getSymbolIdFromReflection(reflection);
      const [, category] = CATEGORIES.find(([path]) => packagePath.startsWith(path));
      // What has no comment gets none: it is reported.
      for (const { comment } of reflection.signatures ?? [reflection]) {
        comment?.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: category }]));
      }
      if (!reflection.kindOf(ReflectionKind.Class)) continue;
      // Of the classes that losses share, nobody sees but `Loss`.
      reflection.extendedTypes = reflection.extendedTypes?.map((type) =>
        type.package === project.packageName && type.reflection === undefined
          ? ReferenceType.createResolvedReference('Loss', loss, project)
          : type,
      );
    }
    for (const document of project.documents ?? []) {
      const [heading] = document.content;
      document.name = /^# (.+)$/m.exec(heading.text)[1];
    }
  });
  // The playground is the page that these pages lie below.
  renderer.hooks.on('sidebar.begin', (context) =>
    JSX.createElement(
      'nav',
      { class: 'tsd-navigation' },
      JSX.createElement('a', { href: context.relativeURL('../index.html') }, 'Playground'),
    ),
  );
}
