import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Family, HistogramSample, Labels, Sample } from './family.js';

/** Ours are told under the names that programs in Go use. */
const REPLACED_DEFAULTS = /^process_/;

/** Puts families of samples into the Prometheus text format. */
export class MetricsRegistry {
  readonly #registry = new Registry();

  constructor(families: readonly Family[]) {
    collectDefaultMetrics({ register: this.#registry });
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (REPLACED_DEFAULTS.test(name)) this.#registry.removeSingleMetric(name);
    }
    for (const family of families) this.#registry.registerMetric(sampled(family));
  }

  /** The text, version 0.0.4. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** A metric of the library's that asks for its values when they are shown, and keeps none itself. */
function sampled(family: Family): Counter | Gauge | Histogram {
  const { name, help } = family;
  const options = { name, help, registers: [] };
  switch (family.type) {
    case 'gauge':
      return new SampledGauge(options, family.sample);
    case 'counter':
      return new SampledCounter(options, family.sample);
    case 'histogram':
      return new SampledHistogram(options, family.sample);
  }
}

interface SampledOptions {
  readonly name: string;
  readonly help: string;
  registers: Registry[];
}

class SampledGauge extends Gauge {
  readonly #options: SampledOptions;
  readonly #sample: () => readonly Sample[];

  constructor(options: SampledOptions, sample: () => readonly Sample[]) {
    super(options);
    this.#options = options;
    this.#sample = sample;
  }

  override async get(): ReturnType<Gauge['get']> {
    return { ...(await super.get()), ...this.#options, values: [...this.#sample()] };
  }
}

class SampledCounter extends Counter {
  readonly #options: SampledOptions;
  readonly #sample: () => readonly Sample[];

  constructor(options: SampledOptions, sample: () => readonly Sample[]) {
    super(options);
    this.#options = options;
    this.#sample = sample;
  }

  override async get(): ReturnType<Counter['get']> {
    return { ...(await super.get()), ...this.#options, values: [...this.#sample()] };
  }
}

class SampledHistogram extends Histogram {
  readonly #options: SampledOptions;
  readonly #sample: () => readonly HistogramSample[];

  constructor(options: SampledOptions, sample: () => readonly HistogramSample[]) {
    super(options);
    this.#options = options;
    this.#sample = sample;
  }

  /** What the library renders histograms from, and `get` builds on; it is not in its types. */
  async getForPromString() {
    const { name, help } = this.#options;
    const values = this.#sample().flatMap((one) => histogramValues(name, one));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }
}

interface HistogramValue {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

/** The cumulated ranges, the sum and the count. */
function histogramValues(name: string, { labels, histogram }: HistogramSample): HistogramValue[] {
  const values: HistogramValue[] = [];
  let count = 0;
  histogram.counts.forEach((inRange, index) => {
    count += inRange;
    const bound = histogram.bounds[index];
    const le = bound === undefined ? '+Inf' : formatBound(bound);
    values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count });
  });
  values.push({ metricName: `${name}_sum`, labels, value: histogram.sum });
  values.push({ metricName: `${name}_count`, labels, value: count });
  return values;
}

/** As Go prints floating-point numbers: those from a million on in powers of ten. */
function formatBound(bound: number): string {
  if (bound < 1e6) return String(bound);
  return bound.toExponential().replace(/e\+(\d)$/, 'e+0$1');
}
