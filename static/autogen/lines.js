// Whole lines out of pieces of a stream: what ends in the middle of one waits for the rest.
// @ts-check

export class Lines {
  constructor() {
    this.rest = "";
    this.decoder = new TextDecoder();
  }

  /**
   * @param {Uint8Array} piece
   * @returns {string[]} the lines that it completes
   */
  take(piece) {
    const lines = (this.rest + this.decoder.decode(piece, { stream: true })).split("\n");
    this.rest = lines.pop() ?? "";
    return lines;
  }
}
