import { BindingKeeper } from './location-keeper.js';

const NAMES = ['p1', 'p2', 'p3'];
const FAR = Array.from({ length: 50 }, (_, i) => `far${i}`);

const all = (): BindingKeeper[] => NAMES.map((self) => {
  const keeper = new BindingKeeper(self);
  for (const other of NAMES) if (other !== self) keeper.heard(other);
  return keeper;
});

describe('who writes a binding', () => {
  it.each([...NAMES, ...FAR])('is one proxy of the data centre, for %s', (node) => {
    expect(all().filter((keeper) => keeper.keeps(node))).toHaveLength(1);
  });

  it('is its holder where that lives here', () => {
    for (const [index, keeper] of all().entries()) expect(keeper.keeps(NAMES[index] as string)).toBe(true);
  });

  it('is spread for those who hold it elsewhere', () => {
    for (const keeper of all()) expect(FAR.filter((node) => keeper.keeps(node)).length).toBeGreaterThan(5);
  });

  it('is another one when a proxy is lost, who hears for whom', () => {
    const keepers = all();
    const before = FAR.filter((node) => keepers[0]?.keeps(node));
    const rest = keepers.slice(1);
    const tookOver = rest.map((keeper) => {
      const nodes: string[] = [];
      keeper.onLost((took) => nodes.push(...['p1', ...NAMES.slice(1), ...FAR].filter(took)));
      keeper.lost('p1');
      return nodes;
    });
    expect(tookOver.flat().sort()).toEqual(['p1', ...before].sort());
    for (const node of ['p1', ...FAR]) expect(rest.filter((keeper) => keeper.keeps(node))).toHaveLength(1);
  });

  it('is the proxy itself again when it began anew, after the others wrote for it', () => {
    const keeper = all()[1] as BindingKeeper;
    let forIt: ((node: string) => boolean) | undefined;
    keeper.onLost((took) => { forIt = took; });
    keeper.lost('p1');
    keeper.heard('p1');
    expect(keeper.keeps('p1')).toBe(false);
    const other = all()[2] as BindingKeeper;
    other.lost('p1');
    expect(forIt?.('p1')).toBe(!other.keeps('p1'));
  });
});
