import { Hono } from 'hono';
import { errorText, type Logger } from '@falco-talon/core';
import type { Engine, ReadyCheck } from '@falco-talon/engine';
import { MONITORING_PATHS } from './monitoring-paths.ts';
import { PROBLEM_TYPE, problemBody, type Problem } from './problem.ts';

export interface RoutesOptions {
  readonly engine: Pick<Engine, 'ready'>;
  readonly stopping: () => boolean;
  /** The metrics in Prometheus' text format. */
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  readonly logger: Logger;
  readonly now: () => number;
}

/** Answers of the checks are kept this long, so that probes of many callers cost the cluster one. Milliseconds. */
const READY_AGE = 1000;
/** So is the text of the metrics: writing it takes milliseconds, and a flood of readers must not stop everything else. */
const METRICS_AGE = 250;
/** Checks that take longer count as failed. Milliseconds. */
const READY_TIME = 5000;

/** Everything but the intake. None of these routes reads a body. */
export function createRoutes({ engine, stopping, metrics, logger, now }: RoutesOptions): Hono {
  const app = new Hono();
  const ready = remembered(() => checks(engine), READY_AGE, now);
  const metricsText = remembered(() => metrics.text(), METRICS_AGE, now);

  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    c.header('Cache-Control', 'no-store');
    if (stopping()) return c.json({ status: 'stopping', checks: [] }, 503);
    const list = await ready();
    const ok = list.every((check) => check.ok);
    return c.json({ status: ok ? 'ready' : 'not ready', checks: list }, ok ? 200 : 503);
  });
  app.get('/metrics', async (c) => c.body(await metricsText(), 200, { 'Content-Type': metrics.contentType }));

  for (const path of MONITORING_PATHS) {
    app.all(path, () =>
      answer(
        { status: 405, title: 'Method Not Allowed', detail: `${path} is read with GET`, code: 'method' },
        { Allow: 'GET, HEAD' },
      ),
    );
  }
  return withoutOtherPaths(app, logger);
}

/** Nothing but the answer that there is nothing. */
export function createNoRoutes(logger: Logger): Hono {
  return withoutOtherPaths(new Hono(), logger);
}

function withoutOtherPaths(app: Hono, logger: Logger): Hono {
  app.notFound((c) =>
    answer({
      status: 404,
      title: 'Not Found',
      detail: c.req.method === 'POST' ? 'alerts are sent to the path /' : 'there is nothing at this path',
      code: 'not_found',
    }),
  );
  app.onError((error) => {
    logger.error('request failed', { error });
    return answer({
      status: 500,
      title: 'Internal Server Error',
      detail: 'the request failed; the log says why',
      code: 'internal',
    });
  });
  return app;
}

function answer(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(problemBody(problem), {
    status: problem.status,
    headers: { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store', ...headers },
  });
}

async function checks(engine: Pick<Engine, 'ready'>): Promise<readonly ReadyCheck[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly ReadyCheck[]>((resolve) => {
    timer = setTimeout(resolve, READY_TIME, [{ name: 'checks', ok: false, reason: 'took too long' }]);
  });
  try {
    return await Promise.race([engine.ready(), late]);
  } catch (error) {
    return [{ name: 'checks', ok: false, reason: errorText(error) }];
  } finally {
    clearTimeout(timer);
  }
}

/** The last result while it is young, and one call at a time. */
function remembered<T>(work: () => Promise<T>, age: number, now: () => number): () => Promise<T> {
  let last: { readonly result: Promise<T>; at: number } | undefined;
  return () => {
    if (last !== undefined && now() - last.at < age) return last.result;
    const entry = { result: work(), at: Number.POSITIVE_INFINITY };
    last = entry;
    void entry.result.catch(() => {}).finally(() => (entry.at = now()));
    return entry.result;
  };
}
