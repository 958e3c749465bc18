import { describe, expect, it } from 'vitest'
import { noMeasurements } from './measurements.ts'
import { measurementTable, verdictTable } from './report.ts'
import { judge } from './verdicts.ts'

const measured = {
  ...noMeasurements(),
  smallCpu: { gateway: [110, 240, 115], bare: [100, 200, 100] },
  pacedCpu: { gateway: [12, 12, 12], bare: [10, 10, 10] },
  firstToken: { gateway: [0.4, 0.5, 0.3], direct: [0.1, 0.1, 0.1] },
}

describe('the verdicts of a run', () => {
  it('take the median of ratios within a round, so that a slow round counts for both sides', () => {
    const [small, flat, paced, firstToken] = judge(measured)
    expect(small).toMatchObject({ found: { median: 1.15, least: 1.1, most: 1.2 }, inside: true })
    expect(paced).toMatchObject({ found: { median: 1.2 }, inside: false })
    expect(firstToken?.found?.median).toBeCloseTo(0.3)
    expect(flat).toMatchObject({ found: undefined, inside: undefined })
  })

  it('say what could not be measured', () => {
    const lines = verdictTable(judge(measured)).split('\n')
    expect(lines[0]).toMatch(/1\.15 \(1\.10–1\.20\) ×\s+inside$/)
    expect(lines[1]).toMatch(/not measured\s+–$/)
    expect(lines[2]).toMatch(/OUTSIDE$/)
  })

  it('stand below a table with a line for each measure', () => {
    const table = measurementTable(measured)
    expect(table).toMatch(/small request, 32 connections\s+CPU µs\s+115\.0 \(110\.0–240\.0\)/)
    expect(table).toContain('1.15 ×')
  })
})
