import type { PodWithStatuses } from '@falco-talon/client-kubernetes';

/** What alerts are compared with. */
export interface Pod extends PodWithStatuses {
  readonly spec?: Readonly<Record<string, unknown>> & {
    /** Absent until the pod is scheduled. */
    readonly nodeName?: string;
  };
}
