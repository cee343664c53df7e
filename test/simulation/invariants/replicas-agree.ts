/** Architecture §9, 7: after heal and quiet, all replicas agree. */
import { Verdict } from './verdict.js';

export class ReplicasAgree extends Verdict {
  /** What each replica says of one thing. */
  atQuiet(about: string, said: ReadonlyMap<string, string>): void {
    const [first, ...others] = said;
    if (first === undefined) return;
    const different = others.find(([, value]) => value !== first[1]);
    if (different !== undefined) this.fail(`of ${about}, ${first[0]} says ${first[1]} and ${different[0]} says ${different[1]}`);
  }
}
