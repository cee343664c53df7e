/** What proxies say to each other about bindings (docs/specs/sip-proxy.md). Nobody else listens. */
import type { LocationBinding, LocationPage } from '#store';

export type LocationChange =
  | { readonly kind: 'put'; readonly aor: string; readonly binding: LocationBinding }
  | { readonly kind: 'gone'; readonly aor: string; readonly contact: string; readonly atMs: number };

/** At subjects.location(dc): what one proxy registered and removed, in order. */
export interface LocationNotice {
  readonly from: string;
  readonly changes: readonly LocationChange[];
}

/** At subjects.locationSnapshot(proxy). Bus request; answered by `LocationSnapshot`. */
export interface LocationSnapshotRequest {
  readonly limit: number;
  readonly after?: string;
}

export interface LocationSnapshot extends LocationPage {
  /** Whoever answers lacks bindings itself: it has just started. */
  readonly partial?: boolean;
}
