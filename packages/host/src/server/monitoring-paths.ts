/** Where probes and metrics are served. */
export const MONITORING_PATHS = ['/healthz', '/readyz', '/metrics'] as const;
