/**
 * A response whose content is at hand. That of any other is read back out of a stream, which takes a node longer than
 * all else it does to send a small answer.
 */
export class ReadyResponse extends Response {
  readonly content: string | Uint8Array<ArrayBuffer>;

  /** @param init its headers have to say the content's type: nothing is guessed */
  constructor(content: string | Uint8Array<ArrayBuffer>, init: ResponseInit) {
    super(null, init);
    this.content = content;
  }
}
