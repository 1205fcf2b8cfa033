/** `@jest/expect` without snapshots, which are files. */
export { expect as jestExpect } from 'expect';
