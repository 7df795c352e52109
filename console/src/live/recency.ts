// Two ways bring news: the live stream and answers to our own calls. An answer
// may have been written before something the stream has already told. So: what
// the stream said about a row after a call began beats what the call answers.
// Every change is on the stream, so nothing is lost by that.

export class Recency {
  #now = 0;
  #heard = new Map<string, number>();

  /** The stream spoke of this row. */
  hear(id: string): void {
    this.#heard.set(id, ++this.#now);
  }

  /** Keep this when a call begins… */
  begin(): number {
    return this.#now;
  }

  /** …and ask with it whether what the call says of this row is still news. */
  isNews(id: string, begun: number): boolean {
    return (this.#heard.get(id) ?? 0) <= begun;
  }
}
