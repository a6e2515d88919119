import { join } from 'node:path';

/** What the environment says about a run. */
export interface Settings {
  /** As kubectl takes it: one file, or several with the system's delimiter. Wins over `assets`. */
  readonly kubeconfig: string | undefined;
  /** Folder with `etcd` and `kube-apiserver`, as the envtest tools leave it. */
  readonly assets: string | undefined;
  /** Folder of CustomResourceDefinitions for an API server of our own. */
  readonly definitions: string | undefined;
  readonly images: Images;
  /** The only node pods are put on. */
  readonly node: string | undefined;
  /** Whether a node that others use may be drained. */
  readonly drain: boolean;
}

export interface Images {
  /** Has `sh` with the usual small programs: `sleep`, `cat`, `dd`, `sha256sum`. */
  readonly shell: string;
  /** Has `tcpdump`. */
  readonly tcpdump: string;
}

export const DEFAULT_IMAGES: Images = {
  shell: 'busybox:1.37',
  // Built for looking into the network of a pod, maintained, with tcpdump in it for all common platforms.
  tcpdump: 'docker.io/nicolaka/netshoot:v0.16',
};

export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const text = (name: string) => environment[name]?.trim() || undefined;
  return {
    kubeconfig: text('KUBECONFIG'),
    assets: text('KUBEBUILDER_ASSETS'),
    definitions: text('E2E_CRDS'),
    images: {
      shell: text('E2E_IMAGE_SHELL') ?? DEFAULT_IMAGES.shell,
      tcpdump: text('E2E_IMAGE_TCPDUMP') ?? DEFAULT_IMAGES.tcpdump,
    },
    node: text('E2E_NODE'),
    drain: text('E2E_DRAIN') === '1',
  };
}

/** The programs an API server of our own consists of. */
export const programs = (assets: string) => ({
  etcd: join(assets, 'etcd'),
  apiServer: join(assets, 'kube-apiserver'),
});
