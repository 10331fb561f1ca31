import type { Histogram } from '../../base/metrics.js';

export type Labels = Readonly<Record<string, string>>;

/** One number, and by which labels it goes. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One histogram, and by which labels it goes. */
export interface HistogramSample {
  readonly labels: Labels;
  readonly histogram: Histogram;
}

/** Samples of one name. They are taken anew each time somebody asks. */
export type Family =
  | {
      readonly type: 'gauge' | 'counter';
      readonly name: string;
      readonly help: string;
      readonly sample: () => readonly Sample[];
    }
  | {
      readonly type: 'histogram';
      readonly name: string;
      readonly help: string;
      readonly sample: () => readonly HistogramSample[];
    };

const NO_LABELS: Labels = {};

/** A number that goes up and down; no sample while it is undefined. */
export function gauge(name: string, help: string, read: () => number | undefined): Family {
  return { type: 'gauge', name, help, sample: () => single(read()) };
}

/** A number that only grows. */
export function counter(name: string, help: string, read: () => number | undefined): Family {
  return { type: 'counter', name, help, sample: () => single(read()) };
}

export function gauges(name: string, help: string, sample: () => readonly Sample[]): Family {
  return { type: 'gauge', name, help, sample };
}

export function counters(name: string, help: string, sample: () => readonly Sample[]): Family {
  return { type: 'counter', name, help, sample };
}

export function histogram(name: string, help: string, read: () => Histogram): Family {
  const sample = () => [{ labels: NO_LABELS, histogram: read() }];
  return { type: 'histogram', name, help, sample };
}

export function histograms(
  name: string,
  help: string,
  sample: () => readonly HistogramSample[],
): Family {
  return { type: 'histogram', name, help, sample };
}

/** A constant told by its label: 1. */
export function info(name: string, help: string, labels: () => Labels | undefined): Family {
  const sample = () => {
    const found = labels();
    return found === undefined ? [] : [{ labels: found, value: 1 }];
  };
  return { type: 'gauge', name, help, sample };
}

function single(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: NO_LABELS, value }];
}
