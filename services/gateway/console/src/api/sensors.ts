/** Sensors of a pipeline: what they look for, and how far that is in the window that is open. */
import { useQuery } from '@tanstack/react-query';
import { get, seg } from './client';
import { POLL } from './query';

export interface SensorCheck {
  id: string;
  integration: string;
  sensorType: string;
  /** PASSED, PENDING or FAILED as it was last recorded in this window; empty = nothing was. */
  state: string;
  message: string;
}
export interface Sensor {
  id: string;
  name: string;
  cron: string;
  timezone: string;
  /** Null: none is open. */
  window: {
    instant: string;
    openedAt: string;
    closesAt: string;
    /** Null: it looks right now. */
    nextPollAt: string | null;
  } | null;
  checks: SensorCheck[];
}

export const useSensors = (pipeline: string) =>
  useQuery({
    queryKey: ['sensors', pipeline],
    queryFn: async ({ signal }) => (await get<{ sensors: Sensor[] }>(`/pipelines/${seg(pipeline)}/sensors`, {}, signal)).sensors,
    refetchInterval: POLL.usual,
  });
