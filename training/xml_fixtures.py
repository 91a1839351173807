"""Fixtures of the MUSE, aECG, FHIR, JSON and Apple Health readers: python3 -m training.xml_fixtures [--check]

Writes test/readers/fixtures/{muse,aecg,fhir,json}: small files made up here after the published descriptions of each format, no recording
among them, and beside each NAME.expected.json with what a reader has to find in it. The expected values are not those that went into the
file: the file is read back by Python's own xml, base64, struct and json modules. --check writes nothing, and fails where a file differs.
"""

import argparse
import base64
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / 'test' / 'readers' / 'fixtures'
EIGHT = ['I', 'II', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']
TWELVE = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']
MICRO = '\u00b5'


def wave(lead: int, length: int, size: int = 400) -> list[int]:
    """Integers of either sign, the same at every call, another for each lead."""
    return [(t * (lead + 5) * 37 + lead * 11) % (2 * size + 1) - size for t in range(length)]


# GE MUSE


def muse_lead(name: str, samples: list[int], *, scale: str = '4.88', unit: str = 'MICROVOLTS', off: bool = False) -> str:
    data = struct.pack(f'<{len(samples)}h', *samples)
    text = base64.b64encode(data).decode()
    lines = '\n'.join(text[at : at + 72] for at in range(0, len(text), 72))
    return f"""      <LeadData>
         <LeadByteCountTotal>{len(data)}</LeadByteCountTotal>
         <LeadTimeOffset>0</LeadTimeOffset>
         <LeadSampleCountTotal>{len(samples)}</LeadSampleCountTotal>
         <LeadAmplitudeUnitsPerBit>{scale}</LeadAmplitudeUnitsPerBit>
         <LeadAmplitudeUnits>{unit}</LeadAmplitudeUnits>
         <LeadHighLimit>32767</LeadHighLimit>
         <LeadLowLimit>-32768</LeadLowLimit>
         <LeadID>{name}</LeadID>
         <LeadOffsetFirstSample>0</LeadOffsetFirstSample>
         <FirstSampleBaseline>0</FirstSampleBaseline>
         <LeadSampleSize>2</LeadSampleSize>
         <LeadOff>{'TRUE' if off else 'FALSE'}</LeadOff>
         <BaselineSway>FALSE</BaselineSway>
         <LeadDataCRC32>{zlib.crc32(data)}</LeadDataCRC32>
         <WaveFormData>
{lines}
         </WaveFormData>
      </LeadData>
"""


def muse_waveform(kind: str, leads: list[str], base: int, exponent: int) -> str:
    return f"""   <Waveform>
      <WaveformType>{kind}</WaveformType>
      <WaveformStartTime>0</WaveformStartTime>
      <NumberofLeads>{len(leads)}</NumberofLeads>
      <SampleType>CONTINUOUS_SAMPLES</SampleType>
      <SampleBase>{base}</SampleBase>
      <SampleExponent>{exponent}</SampleExponent>
{''.join(leads)}   </Waveform>
"""


def muse(waveforms: list[str]) -> bytes:
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE RestingECG SYSTEM "restecg.dtd">
<RestingECG>
   <MuseInfo>
      <MuseVersion>9.0.0.0</MuseVersion>
   </MuseInfo>
   <PatientDemographics>
      <PatientID>000000</PatientID>
      <PatientLastName>M\u00fcster &amp; S\u00f6hne</PatientLastName>
   </PatientDemographics>
{''.join(waveforms)}</RestingECG>
""".encode('iso-8859-1')


def make_muse() -> dict[str, bytes]:
    median = muse_waveform('Median', [muse_lead(name, wave(lead + 20, 10)) for lead, name in enumerate(EIGHT)], 500, 0)
    rhythm = [muse_lead(name, wave(lead, 24, 32767 if name == 'V6' else 400), off=name == 'V3') for lead, name in enumerate(EIGHT)]
    short = muse_waveform('Rhythm', [muse_lead('II', wave(1, 12))], 500, 0)
    long = muse_waveform('Rhythm', [muse_lead('II', wave(1, 30), scale='0,00488', unit='MILLIVOLTS')], 25, 1)
    return {'eight.xml': muse([median, muse_waveform('Rhythm', rhythm, 500, 0)]), 'two-rhythms.xml': muse([short, long])}


def expect_muse(content: bytes) -> dict:
    waveforms = ElementTree.fromstring(content).findall('Waveform')
    rhythms = [waveform for waveform in waveforms if waveform.findtext('WaveformType') == 'Rhythm']
    waveform = max(rhythms, key=lambda one: int(one.findtext('LeadData/LeadSampleCountTotal', '0')))
    expected = {
        'fs': int(waveform.findtext('SampleBase', '')) * 10 ** int(waveform.findtext('SampleExponent', '')),
        'sigName': [],
        'units': [],
        'signal': [],
        'digital': [],
    }
    for lead in waveform.findall('LeadData'):
        data = base64.b64decode(lead.findtext('WaveFormData', ''))
        assert zlib.crc32(data) == int(lead.findtext('LeadDataCRC32', ''))
        digital = [sample for (sample,) in struct.iter_unpack('<h', data)]
        scale = float(lead.findtext('LeadAmplitudeUnitsPerBit', '').replace(',', '.'))
        off = lead.findtext('LeadOff') == 'TRUE'
        expected['sigName'].append(lead.findtext('LeadID'))
        expected['units'].append({'MICROVOLTS': 'uV', 'MILLIVOLTS': 'mV'}[lead.findtext('LeadAmplitudeUnits', '')])
        expected['signal'].append([None if off else sample * scale for sample in digital])
        expected['digital'].append(digital)
    return expected


# HL7 aECG


def aecg_sequence(code: str, value: str) -> str:
    return f"""          <component>
            <sequence>
              <code code="{code}" codeSystem="2.16.840.1.113883.6.24" codeSystemName="MDC"/>
{value}
            </sequence>
          </component>
"""


def aecg_lead(name: str, digits: list[int], origin: tuple[str, str], scale: tuple[str, str]) -> str:
    value = f"""              <value xsi:type="SLIST_PQ">
                <origin value="{origin[0]}" unit="{origin[1]}"/>
                <scale value="{scale[0]}" unit="{scale[1]}"/>
                <digits>
                  {' '.join(map(str, digits[:10]))}
                  {' '.join(map(str, digits[10:]))}
                </digits>
              </value>"""
    return aecg_sequence(f'MDC_ECG_LEAD_{name.upper()}', value)


def aecg_time(kind: str, value: str, unit: str) -> str:
    head = '<head value="20260102030405"/>' if kind == 'TS' else '<head value="0" unit="s"/>'
    increment = f'<increment value="{value}" unit="{unit}"/>'
    text = f"""              <value xsi:type="GLIST_{kind}">
                {head}
                {increment}
              </value>"""
    return aecg_sequence('TIME_ABSOLUTE' if kind == 'TS' else 'TIME_RELATIVE', text)


def aecg_series(tag: str, code: str, sequences: list[str], inner: str = '') -> str:
    return f"""    <{tag}>
      <id root="00000000-0000-0000-0000-000000000000"/>
      <code code="{code}" codeSystem="2.16.840.1.113883.5.4" codeSystemName="ActCode"/>
      <component>
        <sequenceSet>
{''.join(sequences)}        </sequenceSet>
      </component>
{inner}    </{tag}>
"""


def aecg(series: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by training/xml_fixtures.py -->
<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:voc="urn:hl7-org:v3/voc" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" type="Observation">
  <id root="00000000-0000-0000-0000-000000000000"/>
  <code code="93000" codeSystem="2.16.840.1.113883.6.12" codeSystemName="CPT-4"/>
  <componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>
    <subjectDemographicPerson><name>M\u00fcster</name></subjectDemographicPerson>
  </trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>
  <component>
{series}  </component>
</AnnotatedECG>
""".encode()


def make_aecg() -> dict[str, bytes]:
    beat = [aecg_time('PQ', '0.002', 's'), *[aecg_lead(name, wave(40, 12), ('0', 'uV'), ('2.5', 'uV')) for name in TWELVE]]
    derivation = f'      <derivation>\n{aecg_series("derivedSeries", "REPRESENTATIVE_BEAT", beat)}      </derivation>\n'
    leads = [aecg_lead(name, wave(lead, 24), ('0', 'uV'), ('2.5', 'uV')) for lead, name in enumerate(TWELVE)]
    offset = [aecg_lead('I', wave(0, 24), ('-0.25', 'mV'), ('0.005', 'mV')), aecg_lead('V2', wave(1, 24), ('100', 'nV'), ('50', 'nV'))]
    return {
        'twelve.xml': aecg(aecg_series('series', 'RHYTHM', [aecg_time('TS', '0.002', 's'), *leads], derivation)),
        'origin.xml': aecg(aecg_series('series', 'RHYTHM', [aecg_time('PQ', '2.7778', 'ms'), *offset])),
    }


def expect_aecg(content: bytes) -> dict:
    space = {'v3': 'urn:hl7-org:v3'}
    series = ElementTree.fromstring(content).find('v3:component/v3:series', space)
    expected: dict = {'sigName': [], 'units': [], 'signal': [], 'digital': []}
    for sequence in series.findall('v3:component/v3:sequenceSet/v3:component/v3:sequence', space):
        code = sequence.find('v3:code', space).get('code')
        value = sequence.find('v3:value', space)
        if code.startswith('TIME'):
            increment = value.find('v3:increment', space)
            period = float(increment.get('value')) / {'s': 1, 'ms': 1000}[increment.get('unit')]
            expected['fs'] = round(1 / period)
            continue
        origin, scale = (value.find(f'v3:{part}', space) for part in ('origin', 'scale'))
        assert origin.get('unit') == scale.get('unit') or float(origin.get('value')) == 0
        factor, unit = {'uV': (1, 'uV'), 'mV': (1, 'mV'), 'nV': (0.001, 'uV')}[scale.get('unit')]
        digits = [int(digit) for digit in value.findtext('v3:digits', '', space).split()]
        expected['sigName'].append(code)
        expected['units'].append(unit)
        expected['signal'].append([(float(origin.get('value')) + digit * float(scale.get('value'))) * factor for digit in digits])
        expected['digital'].append(digits)
    return expected


# FHIR

POTENTIALS = dict(zip(TWELVE, [131329, 131330, 131389, 131390, 131391, 131392, *range(131331, 131337)], strict=True))


def fhir_component(lead: str, data: str, **sampled) -> dict:
    coding = {'system': 'urn:oid:2.16.840.1.113883.6.24', 'code': str(POTENTIALS[lead]), 'display': f'MDC_ECG_ELEC_POTL_{lead.upper()}'}
    origin = {'value': 0, 'unit': 'microvolt', 'system': 'http://unitsofmeasure.org', 'code': 'uV'}
    return {'code': {'coding': [coding]}, 'valueSampledData': {'origin': origin, 'period': 2, 'dimensions': 1, **sampled, 'data': data}}


def fhir_observation(components: list[dict]) -> dict:
    return {
        'resourceType': 'Observation',
        'status': 'final',
        'code': {'coding': [{'system': 'urn:oid:2.16.840.1.113883.6.24', 'code': '131328', 'display': 'MDC_ECG_ELEC_POTL'}]},
        'subject': {'display': 'M\u00fcster'},
        'component': components,
    }


def make_fhir() -> dict[str, bytes]:
    text = [' '.join(map(str, wave(lead, 20))) for lead in range(12)]
    twelve = fhir_observation([fhir_component(lead, text[index], factor=4.88) for index, lead in enumerate(TWELVE)])
    limits = fhir_observation(
        [
            fhir_component('II', 'E 12 U -7 L 0 1.5', factor=0.5, lowerLimit=-10, upperLimit=20),
            fhir_component('V1', '1 2 3 4 5 6 7', origin={'value': -2.048, 'unit': 'mV'}, factor=0.001),
        ]
    )
    bundle = {
        'resourceType': 'Bundle',
        'type': 'collection',
        'entry': [{'resource': {'resourceType': 'Patient', 'id': 'p'}}, {'resource': limits}],
    }
    return {'twelve.json': dump(twelve), 'bundle.json': dump(bundle)}


def expect_fhir(content: bytes) -> dict:
    root = json.loads(content)
    entries = [entry['resource'] for entry in root.get('entry', [])] or [root]
    (observation,) = (entry for entry in entries if entry['resourceType'] == 'Observation')
    names = {str(code): lead for lead, code in POTENTIALS.items()}
    expected: dict = {'sigName': [], 'units': [], 'signal': []}
    for component in observation['component']:
        sampled = component['valueSampledData']
        tokens = [None if token in ('E', 'U', 'L') else float(token) for token in sampled['data'].split()]
        expected['fs'] = 1000 / sampled['period']
        expected['sigName'].append(names[component['code']['coding'][0]['code']])
        expected['units'].append(sampled['origin'].get('code') or sampled['origin']['unit'])
        zero, factor = sampled['origin']['value'], sampled['factor']
        expected['signal'].append([None if token is None else zero + token * factor for token in tokens])
    tokens = ' '.join(component['valueSampledData']['data'] for component in observation['component']).split()
    if all(token.lstrip('-').isdigit() for token in tokens):
        expected['digital'] = [[int(token) for token in component['valueSampledData']['data'].split()] for component in observation['component']]
    return expected


# JSON and Apple Health


def make_json() -> dict[str, bytes]:
    rows = [[value / 8 for value in wave(lead, 8)] for lead in range(3)]
    rows[1][3] = None
    record = {'fs': 250, 'sigName': ['I', 'Lead II', 'RESP'], 'units': ['mV', 'uV', 'NU'], 'signal': rows}
    leads = {'fs': 62.5, 'units': 'mV', 'patient': 'M\u00fcster', 'I': rows[0], 'labels': ['AF'], 'V1': rows[1]}
    english = ['Name', 'Date of Birth,"Jan 8, 2002"', 'Recorded Date,2026-05-30 16:32:18 -0700', 'Classification,Sinus Rhythm', 'Symptoms,']
    english += ['Software Version,1.90', 'Device,"Watch7,12"', 'Sample Rate,512 hertz', '', '', 'Lead,Lead I', f'Unit,{MICRO}V', '']
    german = ['Name,Louis III', 'Geburtstag,"01.01.1990"', 'Ger\u00e4t,"Watch6,7"', 'Messrate,511,562\u00a0Hertz', '', '']
    german += ['Ableitung,Ableitung I', f'Einheit,{MICRO}V', '']
    return {
        'record.json': dump(record),
        'leads.json': dump(leads),
        'apple-en.csv': '\n'.join([*english, '150.141', '-3.5', '12', '0.25', '']).encode(),
        'apple-de.csv': '\r\n'.join([*german, '-180,596', '-199,83', '12', '0,5', '']).encode(),
    }


def expect_json(content: bytes) -> dict:
    if not content.startswith(b'{'):
        return expect_apple(content.decode())
    root = json.loads(content)
    names = root.get('sigName') or [name for name in root if name in TWELVE]
    known = {'mV': 'mV', 'uV': 'uV'}
    units = root['units'] if isinstance(root['units'], list) else [root['units']] * len(names)
    signal = root.get('signal') or [root[name] for name in names]
    return {'fs': root['fs'], 'sigName': names, 'units': [known.get(unit, 'unknown') for unit in units], 'signal': signal}


def expect_apple(text: str) -> dict:
    header, samples = text.replace('\r', '').rstrip().rsplit('\n\n', 1)
    (rate,) = (line for line in header.split('\n') if line.lower().endswith('hertz'))
    digits = rate.split(',', 1)[1].lower().replace('hertz', '').strip()
    signal = [float(line.replace(',', '.')) for line in samples.split('\n')]
    return {'fs': float(digits.replace(',', '.')), 'sigName': ['I'], 'units': ['uV'], 'signal': [signal]}


def dump(value: dict) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + '\n').encode()


FORMATS: dict[str, tuple[Callable[[], dict[str, bytes]], Callable[[bytes], dict]]] = {
    'muse': (make_muse, expect_muse),
    'aecg': (make_aecg, expect_aecg),
    'fhir': (make_fhir, expect_fhir),
    'json': (make_json, expect_json),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true')
    check = parser.parse_args().check
    for folder, (make, expect) in FORMATS.items():
        for name, content in make().items():
            files = {name: content, f'{name}.expected.json': (json.dumps(expect(content)) + '\n').encode()}
            for file, wanted in files.items():
                path = TARGET / folder / file
                if check and path.read_bytes() != wanted:
                    raise SystemExit(f'{path} differs from what this script makes')
                if not check:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(wanted)


if __name__ == '__main__':
    main()
