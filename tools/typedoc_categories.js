/** A plugin of TypeDoc: what users see is sorted by the folder or file that it is written in. */
import { Comment, CommentTag, Converter } from 'typedoc';

const CATEGORIES = [
  ['src/losses/', 'Losses'],
  ['src/composition/', 'Losses'],
  ['src/ops/', 'Ops'],
  ['src/metrics/', 'Metrics'],
  ['src/register.ts', 'Registration'],
  ['src/registry.ts', 'Names and saved losses'],
  ['src/core/loss.ts', 'Losses of your own'],
  ['', 'Types'],
];

export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const exported = (project.children ?? []).flatMap(({ children }) => children ?? []);
    for (const reflection of exported) {
      const { packagePath } = project.getSymbolIdFromReflection(reflection);
      const [, category] = CATEGORIES.find(([path]) => packagePath.startsWith(path));
      for (const owner of reflection.signatures ?? [reflection]) {
        owner.comment ??= new Comment();
        owner.comment.blockTags.push(
          new CommentTag('@category', [{ kind: 'text', text: category }]),
        );
      }
    }
  });
}
