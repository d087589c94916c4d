/** Alerts: who was told of what, and whether it arrived. */
import { post, seg } from './client';
import { POLL, queries } from './query';
import { useRows } from './rows';

export interface Alert {
  alertId: string;
  pipelineId: string;
  pipelineAlias: string;
  runId: string;
  taskId: string;
  status: string;
  name: string;
  integration: string;
  connection: string;
  destination: string;
  eventType: string;
  /** JSON: what the receiver is given. */
  content: string;
  /** PENDING, DELIVERED or DEAD. */
  state: string;
  raisedAt: string;
  deliveredAt: string | null;
  failures: number;
  message: string;
  retryAt: string | null;
}

export const useAlerts = (state: string, pipeline: string) => useRows<Alert>('/alerts', 'alerts', { state, pipeline }, { poll: POLL.usual });

export async function retryAlert(id: string, reason: string): Promise<void> {
  await post(`/alerts/${seg(id)}/retry`, {}, { reason });
  await queries.invalidateQueries({ queryKey: ['rows', '/alerts'] });
}
