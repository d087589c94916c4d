import { describe, expect, it } from 'vitest';
import { beginOf, dayIn, daysOf, linesOf, plusDays, timeIn, worst, type Event } from './calendar';

describe('days', () => {
  it.each([
    ['2026-03-01', ['2026-02-23', '2026-03-01']],
    ['2026-03-02', ['2026-03-02', '2026-03-08']],
    ['2026-12-31', ['2026-12-28', '2027-01-03']],
  ])('the week of %s', (day, [first, last]) => {
    const days = daysOf('week', day);
    expect([days.length, days[0], days[6]]).toEqual([7, first, last]);
  });
  it('a day is itself', () => expect(daysOf('day', '2026-03-01')).toEqual(['2026-03-01']));
  it('the day after the last of February', () => expect(plusDays('2026-02-28', 1)).toBe('2026-03-01'));
});

describe('instants in zones', () => {
  it.each([
    ['2026-03-01T23:30:00Z', 'Asia/Seoul', '2026-03-02', '08:30'],
    ['2026-03-01T23:30:00Z', 'America/New_York', '2026-03-01', '18:30'],
    ['2026-03-01T00:00:00Z', 'UTC', '2026-03-01', '00:00'],
  ])('%s in %s is %s %s', (at, zone, day, time) => expect([dayIn(at, zone), timeIn(at, zone)]).toEqual([day, time]));
  it.each([
    ['2026-03-01', 'UTC', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01', 'Asia/Seoul', '2026-02-28T15:00:00.000Z'],
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
    ['2026-03-30', 'Europe/Berlin', '2026-03-29T22:00:00.000Z'],
    ['2026-03-01', 'Pacific/Kiritimati', '2026-02-28T10:00:00.000Z'],
  ])('%s begins in %s at %s', (day, zone, expected) => expect(new Date(beginOf(day, zone)).toISOString()).toBe(expected));
});

describe('lines of a day', () => {
  const event = (schedule: string, hour: number, some: Partial<Event> = {}): Event => ({
    id: `${schedule}${hour}`, pipelineId: 'p', pipeline: 'shop', schedule, at: `2026-03-01T${String(hour).padStart(2, '0')}:00:00Z`, ...some,
  });
  it('few firings stand apart, many of one schedule are one line', () => {
    const lines = linesOf([event('often', 3), event('often', 1), event('daily', 2), event('often', 4), event('often', 5)]);
    expect(lines.map((line) => [line.schedule, line.events.length])).toEqual([
      ['often', 4],
      ['daily', 1],
    ]);
    expect(lines[0]!.events.map((one) => one.at.slice(11, 13))).toEqual(['01', '03', '04', '05']);
  });
  it('a line is as bad as its worst', () => {
    expect(worst({ ...linesOf([event('a', 1)])[0]!, events: [event('a', 1, { status: 'SUCCEEDED' }), event('a', 2, { status: 'FAILED' }), event('a', 3)] })).toBe('FAILED');
    expect(worst(linesOf([event('a', 1)])[0]!)).toBeUndefined();
  });
});
