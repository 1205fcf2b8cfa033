/** In the place of Node's `async_hooks`, of which Jest uses this, and of its files: in a page there are none. */
export class AsyncLocalStorage {
  getStore() {
    return this.store;
  }

  run(store, f) {
    const before = this.store;
    this.store = store;
    try {
      return f();
    } finally {
      this.store = before;
    }
  }
}
