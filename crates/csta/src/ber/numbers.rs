//! The numbers of causes and errors: a name's place in its table is its number (ECMA-285). A number without a name has
//! an empty place.

/// EventCause. Three names are spelt as ECMA-323 does: interdigitTimeout, badURI, notAvailableBearerService.
pub(super) const CAUSES: &[&str] = &[
    "", "activeParticipation", "alternate", "busy", "callBack", "callCancelled", "callForwardImmediate",
    "callForwardBusy", "callForwardNoAnswer", "callForward", "callNotAnswered", "callPickup", "campOn",
    "destNotObtainable", "doNotDisturb", "incompatibleDestination", "invalidAccountCode", "keyOperation", "lockout",
    "maintenance", "networkCongestion", "networkNotObtainable", "newCall", "noAvailableAgents", "override", "park",
    "overflow", "recall", "redirected", "reorderTone", "resourcesNotAvailable", "silentParticipation", "transfer",
    "trunksBusy", "", "blocked", "characterCountReached", "consultation", "distributed", "dTMFDigitDetected",
    "durationExceeded", "endOfMessageDetected", "enteringDistribution", "forcedPause", "makeCall",
    "messageSizeExceeded", "networkSignal", "nextMessage", "normalClearing", "noSpeechDetected", "numberChanged",
    "singleStepConference", "singleStepTransfer", "speechDetected", "switchingFunctionTerminated",
    "terminationCharacterReceived", "timeout", "aCDBusy", "aCDForward", "aCDSaturated", "alertTimeExpired",
    "autoWork", "campOnTrunks", "conference", "destDetected", "destOutOfOrder", "distributionDelay",
    "forcedTransition", "intrude", "invalidNumberFormat", "joinCall", "keyOperationInUse", "makePredictiveCall",
    "messageDurationExceeded", "multipleAlerting", "multipleQueuing", "networkDialling", "networkOutOfOrder",
    "normal", "notAvailableBearerService", "notSupportedBearerService", "numberUnallocated", "queueCleared",
    "remainsInQueue", "reserved", "selectedTrunkBusy", "suspend", "unauthorisedBearerService", "activation", "babble",
    "badAttribute", "badGrammar", "badVoice", "badURI", "busyOverflow", "calendarOverflow", "capacityOverflow",
    "duplicateDTMF", "earlyStop", "emptyQueue", "interdigitTimeout", "invalidConnection", "invalidConnectionState",
    "makeConnection", "maxTimeout", "noAudioSaved", "noQueue", "noRule", "outOfGrammar", "pathReplacement",
    "queueTimeOverflow", "recallBusy", "recallForwarded", "recallNoAnswer", "recallResourcesNotAvailable",
    "unknownOverflow", "callInterception", "callInterceptionBusy", "callInterceptionForwarded",
    "callInterceptionNoAnswer", "callInterceptionResourcesNotAvailable", "lawfulInterception",
];

/// OperationErrors.
pub(super) const OPERATION: &[&str] = &[
    "", "generic", "requestIncompatibleWithObject", "valueOutOfRange", "objectNotKnown", "invalidCallingDeviceID",
    "invalidCalledDeviceID", "invalidForwardingDestination", "privilegeViolationSpecifiedDevice",
    "privilegeViolationCalledDevice", "privilegeViolationCallingDevice", "invalidCallID", "invalidDeviceID",
    "invalidConnectionID", "invalidDestination", "invalidFeature", "invalidAllocationState", "invalidCrossRefID",
    "invalidObjectType", "securityViolation", "invalidCorrelatorData", "invalidAccountCode", "invalidAuthCode",
    "requestIncompatibleWithCallingDevice", "requestIncompatibleWithCalledDevice", "invalidMsgID",
    "messageIDRequired", "requestIncompatibleWithMedia", "invalidFile", "atLeastOneConditionalParameterNotProvided",
    "featureAlreadySet", "invalidParameterValue", "invalidAgentGroup", "invalidAgentIdentifier",
    "invalidAgentPassword", "invalidAgentState", "invalidAlertTime", "invalidAutoAnswer", "invalidBitRate",
    "invalidButtonIdentifier", "", "", "invalidCallType", "invalidConnectionRate", "invalidConsultPurpose",
    "invalidDelayTolerance", "invalidDestinationDetect", "invalidDoNotDisturb", "invalidEscapeCrossRefID",
    "invalidFlowDirection", "serviceNotSupported", "invalidForwardingFlag", "invalidForwardingType",
    "invalidHookswitchType", "invalidHookswitchComponent", "invalidLampMode", "invalidLampID",
    "invalidMessageWaitingSetting", "invalidMicrophoneGain", "invalidMicrophoneMute", "invalidMonitorCrossRefID",
    "invalidMonitorFilter", "invalidMonitorObject", "invalidMonitorType", "invalidNumberOFChannels",
    "invalidParticipationType", "invalidRemainRetry", "invalidRingCount", "invalidRingPattern", "invalidRingVolume",
    "invalidRouteingAlgorithm", "invalidRouteingCrossRefID", "invalidRouteRegistrationCrossRefID",
    "invalidSpeakerVolume", "invalidSpeakerMute", "invalidSwitchingSubdomainCharsType", "invalidActiveCallObject",
    "invalidCalledDeviceObjectType", "invalidCallingDeviceObjectType", "invalidCallToBePickedUpObjectType",
    "invalidCallToDivertObjectType", "invalidCallToParkObjectType", "invalidHeldCallObject",
    "invalidMonitorObjectType", "invalidParkToObjectType", "notDifferentDevices", "notSameDevice",
    "invalidActiveCallID", "invalidHeldCallID", "invalidActiveConnectionID", "invalidHeldConnectionID",
    "invalidActiveDeviceID", "invalidCallToParkDeviceID", "invalidDestinationDeviceID", "invalidDivertingDeviceID",
    "invalidHeldDeviceID", "invalidParkToDeviceID", "invalidPickUpDeviceID", "parameterNotSupported",
    "accountCodeNotSupported", "agentGroupNotSupported", "agentPasswordNotSupported", "agentStateNotSupported",
    "alertTimeNotSupported", "allocationNotSupported", "authorisationCodeNotSupported", "autoAnswerNotSupported",
    "bitRateNotSupported", "buttonNotSupported", "callTypeNotSupported", "charactersToSendNotSupported",
    "connectionRateNotSupported", "connectionReservationNotSupported", "consultPurposeNotSupported",
    "correlatorDataNotSupported", "delayToleranceNotSupported", "destinationDetectNotSupported",
    "digitModeNotSupported", "errorValueNotSupported", "flowDirectionNotSupported",
    "forwardingDestinationNotSupported", "lampNotSupported", "monitorTypeNotSupported",
    "numberOfChannelsNotSupported", "parameterTypeNotSupported", "priorityNotSupported", "privateDataNotSupported",
    "pulseDurationNotSupported", "pulseRateNotSupported", "remainRetryNotSupported", "ringCountNotSupported",
    "routeUsedNotSupported", "securityNotSupported", "swSubdomainCCIETypeNotSupported", "toneDurationNotSupported",
    "sysStatRegIDNotSupported", "userDataNotSupported", "privilegeViolationActiveDevice",
    "privilegeViolationCallToParkDevice", "privilegeViolationDestinationDevice",
    "privilegeViolationOnDivertingDevice", "privilegeViolationHeldDevice", "privilegeViolationOnParkToDevice",
    "privilegeViolationPickUpDevice", "routeingTimerExpired", "requestIncompatibleWithConnection",
    "requestIncompatibleWithActiveConnection", "requestIncompatibleWithHeldConnection",
    "requestIncompatibleWithDevice", "requestIncompatibleWithSubjectDevice", "requestIncompatibleWithActiveDevice",
    "requestIncompatibleWithCallToParkDevice", "requestIncompatibleWithDestinationDevice",
    "requestIncompatibleWithDivertingDevice", "requestIncompatibleWithHeldDevice",
    "requestIncompatibleWithParkToDevice", "requestIncompatibleWithPickupDevice", "agentStateOutOfRange",
    "alertTimeOutOfRange", "allocationOutOfRange", "autoAnswerOutOfRange", "bitRateOutOfRange", "callTypeOutOfRange",
    "connectionRateOutOfRange", "connectionReservoationOutOfRange", "consultPurposeOutOfRange",
    "correlatorDataOutOfRange", "delayToleranceOutOfRange", "destinationDetectOutOfRange", "digitModeOutOfRange",
    "doNotDisturbOutOfRange", "flowDirectionOutOfRange", "forwardingFlagOutOfRange", "forwardingTypeOutOfRange",
    "hookswitchComponentOutOfRange", "hookswitchTypeOutOfRange", "lampModeOutOfRange",
    "messageWaitingSettingOutOfRange", "micGainOutOfRange", "micMuteOutOfRange", "monitorTypeOutOfRange",
    "numberOfChannelsOutOfRange", "participationTypeOutOfRange", "pulseDurationOutOfRange", "pulseRateOutOfRange",
    "ringCountOutOfRange", "ringPatternOutOfRange", "ringVolumnOutOfRange", "routeingAlgorithmOutOfRange",
    "speakerMuteOutOfRange", "speakerVolumeOutOfRange", "switchingCcittTypeOutOfRange", "systemStatusOutOfRange",
    "toneCharacterOutOfRange", "toneDurationOutOfRange", "invalidDestinationDeviceObject",
];

/// SecurityErrors.
pub(super) const SECURITY: &[&str] = &[
    "generic", "sequenceNumberViolated", "timeStampViolated", "", "securityInfoViolated",
];

/// StateIncompatibilityErrors.
pub(super) const STATE: &[&str] = &[
    "", "generic", "invalidObjectState", "invalidConnectionIDForActiveCall", "noActiveCall", "noHeldCall",
    "noCallToClear", "noConnectionToClear", "noCallToAnswer", "noCallToComplete", "notAbleToPlay", "notAbleToResume",
    "endOfMsg", "beginningOfMsg", "msgSuspended", "invalidDeviceState", "connectedCallExists",
    "invalidActiveDeviceState", "invalidCalledDeviceState", "invalidCallingDeviceState",
    "invalidCallToParkDeviceState", "invalidDestinationDeviceState", "invalidDivertingDeviceState",
    "invalidHeldDeviceState", "invalidParkToDeviceState", "invalidConnectionState", "invalidActiveConnectionState",
    "invalidHeldConnectionState", "incorrectMsgState",
];

/// SystemResourceAvailabilityErrors.
pub(super) const SYSTEM_RESOURCE: &[&str] = &[
    "", "generic", "resourceBusy", "internalResourceBusy", "resourceOutOfService", "networkBusy",
    "networkOutOfService", "overallMonitorLimitExceeded", "conferenceMemberLimitExceeded", "classifierBusy",
    "noMediaChannelsAvailable", "channelsInUseForBridgedDevices", "channelsInUseForData", "toneDetectorBusy",
    "toneGeneratorBusy", "deviceOutOfService", "activeDeviceOutOfService", "calledDeviceOutOfService",
    "callingDeviceOutOfService", "callToParkDeviceOutOfService", "destinationDeviceOutOfService",
    "divertingDeviceOutOfService", "heldDeviceOutOfService", "parkToDeviceOutOfService", "pickupDeviceOutOfService",
    "otherResourceOutOfService", "resourceLimitExceeded", "registrationLimitExceeded",
    "conferenceResourceCannotBeSatisfied", "maxDevicesExceeded", "startTimeOutOfRange", "durationExceeded",
];

/// SubscribedResourceAvailabilityErrors.
pub(super) const SUBSCRIBED_RESOURCE: &[&str] = &[
    "", "generic", "objectMonitorLimitExceeded", "trunkLimitExceeded", "outstandingReqLimitExceeded",
    "objectRegistrationLimitExceeded",
];

/// PerformanceManagementErrors.
pub(super) const PERFORMANCE: &[&str] = &[
    "", "generic", "performanceLimitExceeded",
];

/// PrivateDataInfoErrors.
pub(super) const PRIVATE_DATA: &[&str] = &[
    "", "cSTAPrivateDataInfoError",
];
