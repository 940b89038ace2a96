import { Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from 'prom-client';

/** Upper bounds in seconds: cached answers take less than the first, large files more than the last. */
const BOUNDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const NAME = 'gatehold_http_request_seconds';
const HELP =
  'Answers by route, method and status, and the time from the request to the last byte of the answer.';

type Label = 'method' | 'route' | 'status';
type Value = MetricValueWithName<Label | 'le'>;

/** How many answers of one route, method and status took how long. */
class Times {
  /** By the first bound that is not less, the last for those beyond all. */
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  #seconds = 0;

  add(seconds: number): void {
    let place = 0;
    while (place < BOUNDS.length && seconds > (BOUNDS[place] ?? 0)) place += 1;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#seconds += seconds;
  }

  /** As Prometheus has a histogram: each bucket counts all up to its bound. */
  values(labels: Readonly<Record<Label, string>>): Value[] {
    let count = 0;
    const buckets = this.#counts.map((ofBucket, place): Value => {
      count += ofBucket;
      return {
        metricName: `${NAME}_bucket`,
        labels: { le: BOUNDS[place] ?? '+Inf', ...labels },
        value: count,
      };
    });
    return [
      ...buckets,
      { metricName: `${NAME}_sum`, labels, value: this.#seconds },
      { metricName: `${NAME}_count`, labels, value: count },
    ];
  }
}

/**
 * Counts answers by method, route and status, with the time until their last byte. The library's own histogram puts a text
 * of the labels together for each of them, to find where it counts, which costs more than all else that is written down of a
 * request; here it is found by the labels themselves.
 */
export class AnswerTimes extends Histogram<Label> {
  readonly #times = new Map<string, Map<string, Map<number, Times>>>();

  constructor(registry: Registry) {
    super({
      name: NAME,
      help: HELP,
      labelNames: ['method', 'route', 'status'],
      registers: [registry],
    });
  }

  /** Counts one answer. */
  add(method: string, route: string, status: number, seconds: number): void {
    const byStatus = this.#times.get(route)?.get(method);
    const times = byStatus?.get(status) ?? this.#begin(method, route, status);
    times.add(seconds);
  }

  override get(): Promise<MetricObjectWithValues<Value>> {
    return this.getForPromString();
  }

  /** What the registry prefers to {@link get}, where a metric has it. */
  getForPromString(): Promise<MetricObjectWithValues<Value>> {
    const values = [...this.#times].flatMap(([route, ofRoute]) =>
      [...ofRoute].flatMap(([method, ofMethod]) =>
        [...ofMethod].flatMap(([status, times]) => times.values({ method, route, status: String(status) })),
      ),
    );
    // The library declares numbers for the kinds of metrics, and writes their names.
    const shown = { name: NAME, help: HELP, type: 'histogram', aggregator: 'sum', values };
    return Promise.resolve(shown as unknown as MetricObjectWithValues<Value>);
  }

  #begin(method: string, route: string, status: number): Times {
    const ofRoute = this.#times.get(route) ?? new Map<string, Map<number, Times>>();
    const ofMethod = ofRoute.get(method) ?? new Map<number, Times>();
    const times = new Times();
    this.#times.set(route, ofRoute.set(method, ofMethod.set(status, times)));
    return times;
  }
}
