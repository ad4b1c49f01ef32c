// Handlers of events, by type.

export class Emitter {
  #handlers = {};

  on(type, handler) {
    (this.#handlers[type] ??= []).push(handler);
  }

  off(type, handler) {
    const handlers = this.#handlers[type] ?? [];
    this.#handlers[type] = handler ? handlers.filter((one) => one !== handler) : [];
  }

  once(type, handler) {
    const handleOnce = (event) => {
      this.off(type, handleOnce);
      handler(event);
    };
    this.on(type, handleOnce);
  }

  has(type) {
    return Boolean(this.#handlers[type]?.length);
  }

  emit(type, value) {
    for (const handler of (this.#handlers[type] ?? []).slice()) handler(value);
  }
}
