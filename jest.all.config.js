/** Everything of jest.config.js: `npm run test:all`. */
export { all as default } from './jest.config.js';
