// KeywordData owns PostgreSQL's keywords.
// Written by scripts/catalog-data.py from PostgreSQL 15: do not edit.

/// Each with its class (U, C, T, R) at the end, and `-` when it cannot be a label without AS.
enum KeywordData {
  static let text = """
    abortU absoluteU accessU actionU addU adminU afterU aggregateU allR alsoU alterU alwaysU analyseR analyzeR and\
    R anyR arrayR- asR- ascR asensitiveU assertionU assignmentU asymmetricR atU atomicU attachU attributeU authori\
    zationT backwardU beforeU beginU betweenC bigintC binaryT bitC booleanC bothR breadthU byU cacheU callU called\
    U cascadeU cascadedU caseR castR catalogU chainU charC- characterC- characteristicsU checkR checkpointU classU\
     closeU clusterU coalesceC collateR collationT columnR columnsU commentU commentsU commitU committedU compress\
    ionU concurrentlyT configurationU conflictU connectionU constraintR constraintsU contentU continueU conversion\
    U copyU costU createR- crossT csvU cubeU currentU current_catalogR current_dateR current_roleR current_schemaT\
     current_timeR current_timestampR current_userR cursorU cycleU dataU databaseU dayU- deallocateU decC decimalC\
     declareU defaultR defaultsU deferrableR deferredU definerU deleteU delimiterU delimitersU dependsU depthU des\
    cR detachU dictionaryU disableU discardU distinctR doR documentU domainU doubleU dropU eachU elseR enableU enc\
    odingU encryptedU endR enumU escapeU eventU exceptR- excludeU excludingU exclusiveU executeU existsC explainU \
    expressionU extensionU externalU extractC falseR familyU fetchR- filterU- finalizeU firstU floatC followingU f\
    orR- forceU foreignR forwardU freezeT fromR- fullT functionU functionsU generatedU globalU grantR- grantedU gr\
    eatestC groupR- groupingC groupsU handlerU havingR- headerU holdU hourU- identityU ifU ilikeT immediateU immut\
    ableU implicitU importU inR includeU includingU incrementU indexU indexesU inheritU inheritsU initiallyR inlin\
    eU innerT inoutC inputU insensitiveU insertU insteadU intC integerC intersectR- intervalC intoR- invokerU isT \
    isnullT- isolationU joinT keyU labelU languageU largeU lastU lateralR leadingR leakproofU leastC leftT levelU \
    likeT limitR- listenU loadU localU localtimeR localtimestampR locationU lockU lockedU loggedU mappingU matchU \
    matchedU materializedU maxvalueU mergeU methodU minuteU- minvalueU modeU monthU- moveU nameU namesU nationalC \
    naturalT ncharC newU nextU nfcU nfdU nfkcU nfkdU noU noneC normalizeC normalizedU notR nothingU notifyU notnul\
    lT- nowaitU nullR nullifC nullsU numericC objectU ofU offU offsetR- oidsU oldU onR- onlyR operatorU optionU op\
    tionsU orR orderR- ordinalityU othersU outC outerT overU- overlapsT- overlayC overridingU ownedU ownerU parall\
    elU parameterU parserU partialU partitionU passingU passwordU placingR plansU policyU positionC precedingU pre\
    cisionC- prepareU preparedU preserveU primaryR priorU privilegesU proceduralU procedureU proceduresU programU \
    publicationU quoteU rangeU readU realC reassignU recheckU recursiveU refU referencesR referencingU refreshU re\
    indexU relativeU releaseU renameU repeatableU replaceU replicaU resetU restartU restrictU returnU returningR- \
    returnsU revokeU rightT roleU rollbackU rollupU routineU routinesU rowC rowsU ruleU savepointU schemaU schemas\
    U scrollU searchU secondU- securityU selectR sequenceU sequencesU serializableU serverU sessionU session_userR\
     setU setofC setsU shareU showU similarT simpleU skipU smallintC snapshotU someR sqlU stableU standaloneU star\
    tU statementU statisticsU stdinU stdoutU storageU storedU strictU stripU subscriptionU substringC supportU sym\
    metricR sysidU systemU tableR tablesU tablesampleT tablespaceU tempU templateU temporaryU textU thenR tiesU ti\
    meC timestampC toR- trailingR transactionU transformU treatC triggerU trimC trueR truncateU trustedU typeU typ\
    esU uescapeU unboundedU uncommittedU unencryptedU unionR- uniqueR unknownU unlistenU unloggedU untilU updateU \
    userR usingR vacuumU validU validateU validatorU valueU valuesC varcharC variadicR varyingU- verboseT versionU\
     viewU viewsU volatileU whenR whereR- whitespaceU windowR- withR- withinU- withoutU- workU wrapperU writeU xml\
    U xmlattributesC xmlconcatC xmlelementC xmlexistsC xmlforestC xmlnamespacesC xmlparseC xmlpiC xmlrootC xmlseri\
    alizeC xmltableC yearU- yesU zoneU
    """
}
